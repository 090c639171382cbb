"""A handful of worker processes: a file that hangs or crashes its decoder costs that file only."""

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import cast

from autodedup.engine.errors import FileError, InternalFaultError
from autodedup.engine.workers.framing import NonsenseError
from autodedup.engine.workers.process import Answer, Death, WorkerProcess
from autodedup.engine.workers.tasks import (
    DigestTask,
    Done,
    Failed,
    Outcome,
    ShotsTask,
    SignTask,
    StillsTask,
    StreamHashTask,
    Task,
    V,
)
from autodedup.engine.workers.wire import (
    Digest,
    Job,
    Refused,
    Request,
    ShotsHead,
    SignatureHead,
    StillsHead,
    in_hex,
    shots_of,
    signature_of,
    stills_of,
)

_LOOK_S = 0.1  # how often a stop or a hung worker is looked for


class _NoMore:
    """What stands for the end of the tasks."""


_NO_MORE = _NoMore()


def default_size() -> int:
    """Return how many workers fill this machine: one a core that we may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)


class WorkerPool(AbstractContextManager["WorkerPool"]):
    """Processes that are started when needed, replaced when they die, and ended on `close`.

    One `run` at a time. A worker that makes no progress on a file for `timeout_s` is killed, and
    so is one that comes to no end in many times that. One that says that it is spent (of memory or
    descriptors) is replaced, and what it refused since is given to another.
    """

    def __init__(self, size: int, timeout_s: float) -> None:
        self._size = size
        self._timeout_s = timeout_s
        self._inbox: queue.Queue[tuple[WorkerProcess, Answer | Death]] = queue.Queue()
        self._idle: list[WorkerProcess] = []
        self._busy: set[WorkerProcess] = set()

    def __exit__(self, *_: object) -> None:
        """End every process."""
        self.close()

    def pids(self) -> tuple[int, ...]:
        """Return the numbers of the processes that live."""
        return tuple(worker.pid for worker in [*self._idle, *self._busy])

    def run(self, tasks: Iterable[Task[V] | None], stop: threading.Event) -> Iterator[Outcome[V]]:
        """Yield the outcome of every task as it comes, in any order.

        Where `tasks` gives None there is no task at the moment; it is asked again soon. At most one
        task a worker is taken from it ahead of what was yielded. When `stop` is set, or the
        iteration is given up, the work in hand is killed and has no outcome.

        Raises:
            InternalFaultError: No worker can be started here.
        """
        waiting = iter(tasks)
        again: list[Task[V]] = []
        in_hand: dict[WorkerProcess, Task[V]] = {}
        timed_out: set[WorkerProcess] = set()
        ended = False
        try:
            while not stop.is_set():
                more = not ended or bool(again)
                while more and len(in_hand) < self._size:
                    task = again.pop() if again else next(waiting, _NO_MORE)
                    if task is None or isinstance(task, _NoMore):
                        ended, more = task is not None, False
                        continue
                    worker = self._idle.pop() if self._idle else WorkerProcess(self._inbox)
                    self._busy.add(worker)
                    in_hand[worker] = task
                    worker.ask(_request(task))
                if ended and not in_hand:
                    return
                news = self._news()
                if news is None:
                    timed_out |= self._kill_overdue(timed_out)
                    continue
                worker, word = news
                if worker in in_hand and _refused_for_want(worker, word):
                    self._busy.discard(worker)
                    worker.kill()
                    again.append(in_hand.pop(worker))
                elif worker in in_hand:
                    yield self._outcome(worker, in_hand.pop(worker), word, timed_out)
                elif worker in self._idle:
                    self._idle.remove(worker)  # died of nothing that we asked
        finally:
            self._end(list(in_hand))

    def close(self) -> None:
        """End every process and wait until they are gone."""
        self._end([*self._idle, *self._busy])
        self._idle.clear()

    def _end(self, workers: list[WorkerProcess]) -> None:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.join()
        self._busy.difference_update(workers)

    def _news(self) -> tuple[WorkerProcess, Answer | Death] | None:
        try:
            return self._inbox.get(timeout=_LOOK_S)
        except queue.Empty:
            return None

    def _kill_overdue(self, already: set[WorkerProcess]) -> set[WorkerProcess]:
        overdue = {w for w in self._busy - already if w.overdue(self._timeout_s)}
        for worker in overdue:
            worker.kill()
        return overdue

    def _outcome(
        self,
        worker: WorkerProcess,
        task: Task[V],
        word: Answer | Death,
        timed_out: set[WorkerProcess],
    ) -> Outcome[V]:
        self._busy.discard(worker)
        if isinstance(word, Death):
            if word.before_its_first_word:
                raise InternalFaultError(
                    f"No decoder process can be started here ({word.how}); nothing was decoded."
                )
            if worker in timed_out:
                why = (
                    f"The decoder made no progress for {self._timeout_s:g} s, or came to no end, "
                    "and was stopped."
                )
                return Failed(task, FileError("DECODE_TIMEOUT", why))
            why = f"The decoder process died on this file ({word.how})."
            return Failed(task, FileError("DECODER_CRASHED", why))
        try:
            value = _value(task, word)
        except NonsenseError as error:
            worker.kill()
            why = f"The decoder process answered nonsense ({error})."
            return Failed(task, FileError("DECODER_CRASHED", why))
        if worker.spent:
            worker.kill()
        elif worker not in timed_out:  # it answered while it was being stopped
            self._idle.append(worker)
        return Failed(task, value) if isinstance(value, FileError) else Done(task, value)


def _refused_for_want(worker: WorkerProcess, word: Answer | Death) -> bool:
    """Say whether a file was refused by a worker that others had spent before it came."""
    refused = isinstance(word, Answer) and isinstance(word.head, Refused)
    return refused and worker.spent and worker.asked > 1


def _request(task: Task[V]) -> Request:
    job, path_hex, expected = _job(task), in_hex(task.path), task.expected
    if isinstance(task, SignTask):
        return Request(
            job=job,
            path_hex=path_hex,
            expected=expected,
            embedded=task.embedded,
            why_cpu=task.why_cpu[:1000],
        )
    side = task.side if isinstance(task, StillsTask) else None
    wanted = task.wanted if isinstance(task, ShotsTask) else None
    return Request(job=job, path_hex=path_hex, expected=expected, side=side, wanted=wanted)


def _job(task: Task[V]) -> Job:
    if isinstance(task, SignTask):
        return "sign"
    if isinstance(task, StillsTask):
        return "stills"
    if isinstance(task, ShotsTask):
        return "shots"
    return "sha256" if isinstance(task, DigestTask) else "streams"


def _value(task: Task[V], answer: Answer) -> V | FileError:
    """Return what the answer says, if it answers what was asked."""
    head = answer.head
    if isinstance(head, Refused):
        return head.error
    # Which value a task has follows from its class, which `_read` goes by.
    return cast("V", _read(task, head, answer.body))


def _read(
    task: Task[V], head: Digest | SignatureHead | StillsHead | ShotsHead, body: bytes
) -> object:
    if isinstance(head, Digest) and isinstance(task, DigestTask | StreamHashTask):
        return bytes.fromhex(head.sha256)
    if isinstance(head, SignatureHead) and isinstance(task, SignTask):
        return signature_of(head, body)
    if isinstance(head, StillsHead) and isinstance(task, StillsTask):
        return stills_of(head, body)
    if isinstance(head, ShotsHead) and isinstance(task, ShotsTask):
        return shots_of(head, body, task.wanted)
    raise NonsenseError(f"{head.kind} for {_job(task)}")
