"""Where films are signed: by workers on the CPU, and by the GPU's process where there is one.

Both take films from one source. The GPU hands back what it cannot do, or what the CPU does sooner;
while it has its hands full, workers on the CPU take films by themselves. Queues between the threads
are bounded, and a stop is heard within a fraction of a second.
"""

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from autodedup.engine.gpu.lane import GpuLane, Left
from autodedup.engine.gpu.state import GpuState
from autodedup.engine.signature.model import Signature
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import Outcome, SignTask

T = TypeVar("T")
_LOOK_S = 0.1
_RESULTS_AHEAD = 64  # signatures waiting for the database
_LEFT_AHEAD = 1000  # films waiting for a worker


class Decoders(AbstractContextManager["Decoders"]):
    """Signs films with all there is."""

    def __init__(self, pool: WorkerPool, state: GpuState, lane: GpuLane | None) -> None:
        self._pool, self._state, self._lane = pool, state, lane

    def __exit__(self, *_: object) -> None:
        """End the GPU's process."""
        if self._lane is not None:
            self._lane.close()

    def warm_up(self) -> None:
        """Let the GPU's process load while other work is done; it takes seconds."""
        if self._lane is not None:
            self._lane.start()

    def run(self, tasks: Iterable[SignTask], stop: threading.Event) -> Iterator[Outcome[Signature]]:
        """Yield the outcome of every film as it comes, in any order.

        When `stop` is set, or the iteration is given up, the work in hand has no outcome.

        Raises:
            InternalFaultError: No worker can be started here.
        """
        if self._lane is None:
            why = self._state.why
            return self._pool.run((replace(task, why_cpu=why) for task in tasks), stop)
        return _Both(self._pool, self._lane, tasks).run(stop)


class _Both:
    """One run on the GPU and the CPU together."""

    def __init__(self, pool: WorkerPool, lane: GpuLane, tasks: Iterable[SignTask]) -> None:
        self._pool, self._lane = pool, lane
        self._tasks = iter(tasks)
        self._lock = threading.Lock()
        self._exhausted = False
        self._left: queue.Queue[SignTask] = queue.Queue(_LEFT_AHEAD)
        self._out: queue.Queue[Outcome[Signature]] = queue.Queue(_RESULTS_AHEAD)
        self._gpu_ended = threading.Event()
        self._halt = threading.Event()
        self._error: Exception | None = None
        self._cpu_done, self._cpu_since = 0, time.monotonic()

    def run(self, stop: threading.Event) -> Iterator[Outcome[Signature]]:
        threads = [
            threading.Thread(target=work, name=name, daemon=True)
            for name, work in (("films for the GPU", self._gpu), ("films for the CPU", self._cpu))
        ]
        for thread in threads:
            thread.start()
        try:
            while not stop.is_set() and (
                any(thread.is_alive() for thread in threads) or not self._out.empty()
            ):
                try:
                    yield self._out.get(timeout=_LOOK_S)
                except queue.Empty:
                    continue
            if self._error is not None:
                raise self._error
        finally:
            self._halt.set()
            for thread in threads:
                thread.join()

    def _gpu(self) -> None:
        try:
            for outcome in self._lane.run(self._take, self._ended, self._cpu_wait, self._halt):
                if isinstance(outcome, Left):
                    self._put(self._left, replace(outcome.task, why_cpu=outcome.why))
                else:
                    self._put(self._out, outcome)
        except Exception as error:  # told by the thread that asked  # noqa: BLE001
            self._error = error
            self._halt.set()
        finally:
            self._gpu_ended.set()

    def _cpu(self) -> None:
        try:
            for outcome in self._pool.run(self._for_the_cpu(), self._halt):
                self._cpu_done += 1
                self._put(self._out, outcome)
        except Exception as error:  # as above  # noqa: BLE001
            self._error = error
            self._halt.set()

    def _for_the_cpu(self) -> Iterator[SignTask | None]:
        """Yield what the GPU left, and what it has no hands for; None where there is nothing."""
        while True:
            ended = self._gpu_ended.is_set()
            try:
                yield self._left.get_nowait()
                continue
            except queue.Empty:
                if ended and self._ended():
                    return
            task = self._take() if ended or self._lane.full else None
            yield None if task is None else replace(task, why_cpu=self._lane.why_not_now)

    def _take(self) -> SignTask | None:
        with self._lock:
            task = next(self._tasks, None)
            self._exhausted = task is None
            return task

    def _ended(self) -> bool:
        return self._exhausted

    def _cpu_wait(self) -> float:
        """Return how long a film would wait for a worker, by how fast they were so far."""
        if not self._cpu_done:
            return 0.0
        each = (time.monotonic() - self._cpu_since) / self._cpu_done
        return self._left.qsize() * each

    def _put(self, place: queue.Queue[T], what: T) -> None:
        while not self._halt.is_set():
            try:
                place.put(what, timeout=_LOOK_S)
            except queue.Full:
                continue
            return
