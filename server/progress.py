"""Progress for one call: thinned to ten a second, always rising, and only if the client asked."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from autodedup.schemas.jobs import Progress

EVERY_S = 0.1  # the contract allows a client at most ten notifications a second


@dataclass(frozen=True, slots=True)
class Step:
    """One notification: how much is done, of how much (if known), in words."""

    done: float
    total: float | None
    words: str


Send = Callable[[float, float | None, str | None], Awaitable[None]]


class Rising:
    """The newest progress of one call, read as one number that only rises.

    Work has stages, each counting from nothing; the protocol wants a value that never falls.
    When a count falls, a new stage has begun, and it goes on from where the last one stood.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._earlier = 0
        self._stage = Progress(done=0, total=0, unit="")
        self._taken = 0.0

    def put(self, progress: Progress) -> None:
        """Take note of progress; from any thread, as often as the work likes."""
        with self._lock:
            if progress.done < self._stage.done:
                self._earlier += self._stage.done
            self._stage = progress

    def take(self) -> Step | None:
        """Return the newest step if it is further than the last one taken."""
        with self._lock:
            stage, done = self._stage, float(self._earlier + self._stage.done)
            if done <= self._taken:
                return None
            self._taken = done
            total = float(self._earlier + stage.total) if stage.total else None
        words = f"{stage.done} of {stage.total} {stage.unit}" if total else f"{stage.done}"
        return Step(done, total, f"{stage.doing}: {words}" if stage.doing else words)


async def unheard(_done: float, _total: float | None, _words: str | None) -> None:
    """Send progress to nobody: a call made outside any connection."""


@asynccontextmanager
async def pumped(newest: Rising, send: Send) -> AsyncIterator[None]:
    """Send the newest progress while the body runs, and once more at its end if there is time."""
    last_sent = -EVERY_S

    async def pump() -> None:
        nonlocal last_sent
        while True:
            if (step := newest.take()) is not None:
                last_sent = anyio.current_time()
                await send(step.done, step.total, step.words)
            await anyio.sleep(EVERY_S)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pump)
        yield
        tasks.cancel_scope.cancel()
    if anyio.current_time() - last_sent >= EVERY_S and (step := newest.take()) is not None:
        await send(step.done, step.total, step.words)
