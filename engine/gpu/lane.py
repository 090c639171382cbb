"""The GPU's process as the server sees it: films go in, signatures come out, or reasons why not.

Its death costs no film: what was in hand goes to the CPU, and the process is started again, a few
times. A film on which it makes no progress is taken from it in the same way.
"""

import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from autodedup.engine.gpu.wire import (
    LANGUAGE,
    Alive,
    Ask,
    Head,
    LeftToCpu,
    Ready,
    RefusedFile,
    Signed,
    Unusable,
)
from autodedup.engine.signature.model import Signature
from autodedup.engine.workers.framing import NonsenseError, receive, send
from autodedup.engine.workers.process import ending
from autodedup.engine.workers.tasks import Done, Failed, SignTask
from autodedup.engine.workers.wire import in_hex, signature_of

MOST_DEATHS = 3
_LOOK_S = 0.1
_GONE_S = 5.0
_START_S = 180.0  # torch and a CUDA context on a cold disk


@dataclass(frozen=True, slots=True)
class Left:
    """A film that the CPU is to look at, and why."""

    task: SignTask
    why: str


LaneOutcome = Done[Signature] | Failed[Signature] | Left
Take = Callable[[], SignTask | None]
"""Gives the next film, None where there is none at the moment."""


@dataclass(slots=True)
class _InHand:
    task: SignTask
    heard_at: float


class GpuLane:
    """One process that signs several films at once."""

    def __init__(
        self, *, memory_share: float, timeout_s: float, command: Sequence[str] | None = None
    ) -> None:
        self._timeout_s = timeout_s
        self._command = [
            *(command or (sys.executable, "-P", "-m", "autodedup.engine.gpu.child")),
            "--memory-share",
            str(memory_share),
        ]
        self._inbox: queue.Queue[tuple[int, Head | str, bytes]] = queue.Queue()
        self._process: subprocess.Popen[bytes] | None = None
        self._life = 0  # which process a message is of
        self._deaths = 0
        self._killed_for: str | None = None  # why we ended it, where it was us
        self._at_once = 0
        self._in_hand: dict[int, _InHand] = {}
        self._since = 0.0
        self.unusable: str | None = None
        self.gpu = ""

    @property
    def full(self) -> bool:
        """Say whether no further film can be taken at the moment."""
        return self.unusable is not None or len(self._in_hand) >= self._at_once

    @property
    def why_not_now(self) -> str:
        """Return why a film is not taken at the moment, for its route."""
        if self.unusable is not None:
            return self.unusable
        return "the GPU had its hands full" if self._at_once else "the GPU was not ready yet"

    @property
    def pid(self) -> int | None:
        """Return the number of the process, if there is one."""
        return None if self._process is None else self._process.pid

    def run(
        self,
        take: Take,
        ended: Callable[[], bool],
        wait_s: Callable[[], float],
        stop: threading.Event,
    ) -> Iterator[LaneOutcome]:
        """Yield what becomes of every film that is taken.

        Args:
            take: Where films come from.
            ended: Whether no film will come any more.
            wait_s: How long a film would wait for a worker on the CPU, in seconds.
            stop: Set to end; the work in hand has no outcome then.
        """
        try:
            while not stop.is_set() and self.unusable is None:
                self.start()
                self._ask(take, wait_s)
                if not self._in_hand and ended():
                    return
                yield from self._news()
                yield from self._overdue()
        finally:
            self.close()

    def start(self) -> None:
        """Start the process, if there is none; it takes seconds until it is ready."""
        if self._process is not None or self.unusable is not None:
            return
        self._life += 1
        self._at_once = 0
        self._since = time.monotonic()
        started: queue.Queue[subprocess.Popen[bytes] | None] = queue.Queue()
        # The thread that starts a process on Linux has to live as long: see `workers.process`.
        threading.Thread(
            target=self._live, args=(self._life, started), name="gpu", daemon=True
        ).start()
        self._process = started.get()
        if self._process is None:
            self.unusable = "its process cannot be started"

    def close(self) -> None:
        """End the process now."""
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):  # a disk that hangs can hold it, but not us
                self._process.wait(_GONE_S)
            self._process = None

    def _live(self, life: int, started: "queue.Queue[subprocess.Popen[bytes] | None]") -> None:
        try:
            process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(os.environ),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError:
            started.put(None)
            return
        started.put(process)
        how = "it said what no GPU process says"
        # What was not written yet cannot be, once the process is gone.
        with suppress(OSError), process:
            try:
                while process.stdout is not None:
                    message = receive(process.stdout, LANGUAGE)  # type: ignore[arg-type]  # IO[bytes] is a BinaryIO by another name
                    if message is None:
                        how = ""
                        break
                    self._inbox.put((life, *message))
            except NonsenseError:
                pass
            process.kill()
        self._inbox.put((life, how or ending(process.returncode), b""))

    def _ask(self, take: Take, wait_s: Callable[[], float]) -> None:
        while len(self._in_hand) < self._at_once and (task := take()) is not None:
            self._in_hand[task.key] = _InHand(task, time.monotonic())
            ask = Ask(
                key=task.key,
                path_hex=in_hex(task.path),
                expected=task.expected,
                embedded=task.embedded,
                cpu_wait_s=max(0.0, wait_s()),
            )
            try:
                if self._process is not None and self._process.stdin is not None:
                    send(self._process.stdin, ask)  # type: ignore[arg-type]  # as above
            except OSError:
                return  # its death is told by the inbox

    def _news(self) -> Iterator[LaneOutcome]:
        try:
            life, head, body = self._inbox.get(timeout=_LOOK_S)
        except queue.Empty:
            return
        if life != self._life:
            return
        if isinstance(head, str):
            yield from self._died(head)
        elif isinstance(head, Signed | LeftToCpu | RefusedFile):
            held = self._in_hand.pop(head.key, None)
            if held is not None:
                yield self._outcome(held.task, head, body)
        else:
            self._heard(head)

    def _heard(self, head: Ready | Unusable | Alive | Ask) -> None:
        match head:
            case Ready():
                self._at_once, self.gpu = head.at_once, head.gpu
            case Unusable():
                self.unusable = head.why
            case Alive():
                if head.key in self._in_hand:
                    self._in_hand[head.key].heard_at = time.monotonic()
            case Ask():
                self._kill("it asked what only the server asks")

    def _outcome(
        self, task: SignTask, head: Signed | LeftToCpu | RefusedFile, body: bytes
    ) -> LaneOutcome:
        if isinstance(head, LeftToCpu):
            return Left(task, head.why)
        if isinstance(head, RefusedFile):
            return Failed(task, head.error)
        try:
            return Done(task, signature_of(head.head, body))
        except NonsenseError as error:
            self._kill("it answered nonsense on another film")
            return Left(task, f"the GPU process answered nonsense ({error})")

    def _died(self, how: str) -> Iterator[Left]:
        """Hand what was in hand to the CPU; the process is started again, but not for ever."""
        self._deaths += 1
        self._process = None
        killed_for, self._killed_for = self._killed_for, None
        if not self._at_once or self._deaths >= MOST_DEATHS:
            self.unusable = self.unusable or f"its process died {self._deaths} times ({how})"
        held, self._in_hand = list(self._in_hand.values()), {}
        why = f"the GPU process died with it in hand ({how})"
        if killed_for is not None:
            why = f"the GPU process was stopped: {killed_for}"
        for each in held:
            yield Left(each.task, why)

    def _overdue(self) -> Iterator[Left]:
        now = time.monotonic()
        if not self._at_once:
            if self._process is not None and now - self._since > max(_START_S, self._timeout_s):
                self.unusable = "its process did not start in time"
            return
        late = [k for k, held in self._in_hand.items() if now - held.heard_at > self._timeout_s]
        for key in late:
            task = self._in_hand.pop(key).task
            yield Left(task, f"NVDEC made no progress on it for {self._timeout_s:g} s")
        if late:
            self._kill("it made no progress on another film")

    def _kill(self, why: str) -> None:
        self._killed_for = why
        if self._process is not None:
            self._process.kill()
