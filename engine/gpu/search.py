"""Searching all pairs of frames on a GPU, in a process of its own that can be ended at any moment.

Chosen by itself where there is a GPU and the frames are many enough to be worth its start, and few
enough that all pairs are sooner done than the approximate search takes on the CPU.
"""

import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, BinaryIO, Literal, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from autodedup.engine.gpu.state import gpu_state
from autodedup.engine.settings import Settings
from autodedup.engine.workers.framing import NonsenseError, receive, send
from autodedup.schemas.base import Frozen

FEWEST_PRODUCTS = 400_000_000  # frame pairs, under which the CPU is done before torch has loaded
MOST_PRODUCTS = 4_000_000_000_000  # two million frames with each other
_LOOK_S = 0.1
_log = logging.getLogger(__name__)

Pairs = NDArray[np.int64]


class Found(Frozen):
    """Pairs that were found, (pairs, 4) int64 in the body, and how much of the work is done."""

    kind: Literal["found", "finished"] = "found"
    done: Annotated[float, Field(ge=0, le=1)]
    pairs: Annotated[int, Field(ge=0)]


class Given(Frozen):
    """An array that follows, as it lies in memory."""

    dtype: Literal["int64", "uint8"]
    shape: tuple[int, ...]


_FINDS: TypeAdapter[Found] = TypeAdapter(Found)
_ARRAYS: TypeAdapter[Given] = TypeAdapter(Given)


def give(pipe: BinaryIO, array: NDArray[np.int64] | NDArray[np.uint8]) -> None:
    """Write an array of any size."""
    send(pipe, Given.model_validate({"dtype": array.dtype.name, "shape": array.shape}))
    pipe.write(np.ascontiguousarray(array).data.cast("B"))
    pipe.flush()


def take(pipe: BinaryIO) -> NDArray[np.int64] | NDArray[np.uint8]:
    """Read an array that `give` wrote.

    Raises:
        NonsenseError: The pipe ends before it does.
    """
    message = receive(pipe, _ARRAYS)
    if message is None:
        raise NonsenseError("no array came")
    head, _ = message
    array = np.empty(head.shape, dtype=head.dtype)
    left = array.data.cast("B")
    while len(left):
        got = pipe.readinto(left)  # type: ignore[attr-defined]  # a buffered pipe has it
        if not got:
            raise NonsenseError("an array that breaks off")
        left = left[got:]
    return array


@dataclass(frozen=True, slots=True)
class GpuSearch:
    """Where the search is done, if it is worth it."""

    memory_share: float = 1.0
    device: Literal["cuda", "cpu"] = "cuda"
    fewest_products: int = FEWEST_PRODUCTS
    most_products: int = MOST_PRODUCTS

    def is_worth_it(self, asked: int, among: int) -> bool:
        """Say whether so many frames looked up among so many are work for a GPU."""
        return self.fewest_products <= asked * among <= self.most_products

    def pairs(
        self,
        owner: NDArray[np.int64],
        hashes: NDArray[np.uint8],
        rounds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
        near_bits: int,
        *,
        stop: threading.Event,
        report: Callable[[float], None],
    ) -> Pairs | None:
        """Return (H, 4) whole, viewed, view and turn of all pairs; None where the GPU failed.

        Args:
            owner: (M,) the clip of each frame.
            hashes: (M, V, 32) uint8.
            rounds: The frames looked up, and those among which; places in the table.
            near_bits: Two frames within this many bits are alike.
            stop: Set to end early; nothing is returned then.
            report: Takes the share that is done, 0..1.
        """
        command = [sys.executable, "-P", "-m", "autodedup.engine.gpu.search_child"]
        command += [str(near_bits), self.device, str(self.memory_share), str(len(rounds))]
        arrays = (owner, hashes, *(array for each in rounds for array in each))
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            _log.warning("The GPU's search process cannot be started (%s).", error.strerror)
            return None
        news: queue.Queue[tuple[Found, Pairs] | None] = queue.Queue()
        # What was not written yet cannot be, once the process is gone.
        with suppress(OSError), process:
            talk = threading.Thread(target=_talk, args=(process, arrays, news), daemon=True)
            talk.start()
            found = _gathered(news, stop, report)
            process.kill()
            talk.join()
        if found is None and not stop.is_set():
            _log.warning("The GPU's search process failed; the CPU searches.")
        return found


def _gathered(
    news: "queue.Queue[tuple[Found, Pairs] | None]",
    stop: threading.Event,
    report: Callable[[float], None],
) -> Pairs | None:
    """Return all pairs, None where they did not come to their end."""
    gathered: list[Pairs] = [np.zeros((0, 4), dtype=np.int64)]
    while not stop.is_set():
        try:
            said = news.get(timeout=_LOOK_S)
        except queue.Empty:
            continue
        if said is None:
            return None
        head, pairs = said
        gathered.append(pairs)
        report(head.done)
        if head.kind == "finished":
            return np.concatenate(gathered)
    return None


def _talk(
    process: "subprocess.Popen[bytes]",
    arrays: Sequence[NDArray[np.int64] | NDArray[np.uint8]],
    news: "queue.Queue[tuple[Found, Pairs] | None]",
) -> None:
    """Hand the arrays over and pass on what is found; None is the end, however it came."""
    # IO[bytes] is a BinaryIO by another name.
    asking, answering = cast("BinaryIO", process.stdin), cast("BinaryIO", process.stdout)
    with suppress(OSError, NonsenseError, ValueError):
        for array in arrays:
            give(asking, array)
        asking.close()
        while (message := receive(answering, _FINDS)) is not None:
            head, body = message
            news.put((head, np.frombuffer(body, np.int64).reshape(head.pairs, 4)))
    news.put(None)


def gpu_search(settings: Settings) -> GpuSearch | None:
    """Return where all pairs are searched, None where there is no GPU for it."""
    return GpuSearch(settings.gpu_memory_share) if gpu_state(settings).usable else None
