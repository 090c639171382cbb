"""One worker process as the server sees it: started, asked, listened to, killed.

A thread of its own starts the process and reads what it says for as long as it lives. It has to
be the same thread: Linux counts the death of the thread that started a process as the death of
its parent.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

from autodedup.engine.workers.framing import NonsenseError, receive, send
from autodedup.engine.workers.wire import (
    LANGUAGE,
    Alive,
    Digest,
    Refused,
    Request,
    ShotsHead,
    SignatureHead,
    StillsHead,
)

_PATIENCES = 40  # times without progress that a file may take in all, whatever progress it makes
_SLOWEST_BYTES_S = 1 << 20  # and as long as a slow disk needs to read it once
_START_S = 120.0  # until the first word: the imports of a cold disk on a busy machine
_GONE_S = 5.0
_QUIET = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker said of the file in hand."""

    head: Refused | Digest | SignatureHead | StillsHead | ShotsHead
    body: bytes


@dataclass(frozen=True, slots=True)
class Death:
    """A worker is gone; `how` says of what."""

    how: str
    before_its_first_word: bool


class WorkerProcess:
    """A process that is asked one thing at a time; answers and its death go to the inbox."""

    def __init__(self, inbox: "queue.Queue[tuple[WorkerProcess, Answer | Death]]") -> None:
        self._inbox = inbox
        self._process: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._heard_at: float | None = None
        self._since = time.monotonic()
        self._size = 0
        self._nonsense = False
        self.awaited = False
        self.asked = 0
        self.spent = False
        self._thread = threading.Thread(target=self._live, name="worker", daemon=True)
        self._thread.start()
        self._started.wait()

    @property
    def pid(self) -> int:
        """Return the number of the process."""
        return self._process.pid if self._process else 0

    def ask(self, request: Request) -> None:
        """Hand over a file. That the worker is gone already is told by its death."""
        self.awaited = True
        self.asked += 1
        self._size = request.expected.size
        self._since = time.monotonic()
        pipe = self._process.stdin if self._process else None
        if pipe is not None:
            try:
                send(pipe, request)  # type: ignore[arg-type]  # IO[bytes] is a BinaryIO by another name
            except (OSError, ValueError):  # a dead process's pipe is broken, then closed
                self.kill()

    def silent_seconds(self) -> float:
        """Return for how long the worker has made no progress on the file in hand."""
        return time.monotonic() - max(self._since, self._heard_at or 0.0)

    def overdue(self, timeout_s: float) -> bool:
        """Say whether a worker is taken for hung: no progress, not even started, or no end."""
        if not self.awaited:
            return False
        limit = timeout_s if self._heard_at is not None else max(_START_S, timeout_s)
        in_all = _START_S + _PATIENCES * timeout_s + self._size / _SLOWEST_BYTES_S
        return self.silent_seconds() > limit or time.monotonic() - self._since > in_all

    def kill(self) -> None:
        """End the process now. Its death still comes to the inbox."""
        if self._process is not None:
            self._process.kill()

    def join(self) -> None:
        """Wait until the killed process is gone; a disk that hangs can hold it, but not us."""
        self._thread.join(_GONE_S)

    def _live(self) -> None:
        environment = {**os.environ, **_QUIET}
        try:
            self._process = subprocess.Popen(
                # -P: what lies in the user's folder must not be imported in our place.
                [sys.executable, "-P", "-m", "autodedup.engine.workers.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            self._started.set()
            how = f"it cannot be started: {error.strerror}"
            self._inbox.put((self, Death(how, before_its_first_word=True)))
            return
        self._started.set()
        # Closing the pipe fails where the process died with words unread: it is dead all the same.
        with suppress(OSError), self._process as process:
            self._listen(process)
            process.kill()
        self._inbox.put(
            (
                self,
                Death(self._how(process.returncode), before_its_first_word=self._heard_at is None),
            )
        )

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        pipe = process.stdout
        while pipe is not None:
            try:
                message = receive(pipe, LANGUAGE)  # type: ignore[arg-type]  # as above
            except NonsenseError:
                self._nonsense = True
                return
            if message is None:
                return
            head, body = message
            self._heard_at = time.monotonic()
            if isinstance(head, Alive):
                self.spent = self.spent or head.spent
                continue
            if isinstance(head, Request) or not self.awaited:
                self._nonsense = True  # an answer to nothing
                return
            self.awaited = False
            self._inbox.put((self, Answer(head, body)))

    def _how(self, status: int) -> str:
        if self._nonsense:
            return "it said what no worker says"
        return ending(status)


def ending(status: int) -> str:
    """Say how a process ended, by its exit status or the signal that killed it."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
