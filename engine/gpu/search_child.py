"""The process that searches all pairs on a GPU: arrays come in by its pipe, pairs go out."""

import sys
import time
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from autodedup.engine.gpu.search import Found, take
from autodedup.engine.kernels.all_pairs import AllPairs, Frames
from autodedup.engine.workers.child import die_with_parent, own_pipes
from autodedup.engine.workers.framing import send

_TOLD_EVERY = 200_000  # pairs: 6 MB
_TOLD_EVERY_S = 1.0


def main() -> None:
    """Search what comes in, telling now and then what was found and how much is done."""
    asking, answering = own_pipes()
    die_with_parent()
    near_bits, device, share, rounds = sys.argv[1:]
    if device == "cuda":
        torch.cuda.set_per_process_memory_fraction(float(share))
    owner, hashes = take(asking).astype(np.int64), take(asking).astype(np.uint8, copy=False)
    search = AllPairs(Frames(owner, hashes), int(near_bits), device)
    asked = [
        (take(asking).astype(np.int64), take(asking).astype(np.int64)) for _ in range(int(rounds))
    ]
    waiting: list[NDArray[np.int64]] = []
    held, told_at = 0, time.monotonic()
    for done, pairs in _found(search, asked):
        waiting.append(pairs)
        held += len(pairs)
        if held >= _TOLD_EVERY or time.monotonic() - told_at >= _TOLD_EVERY_S:
            _tell(answering, waiting, done)
            waiting, held, told_at = [], 0, time.monotonic()
    _tell(answering, waiting, 1.0)
    send(answering, Found(kind="finished", done=1.0, pairs=0))


def _tell(pipe: BinaryIO, found: list[NDArray[np.int64]], done: float) -> None:
    together = np.concatenate([np.zeros((0, 4), dtype=np.int64), *found])
    for start in range(0, max(1, len(together)), _TOLD_EVERY):
        some = together[start : start + _TOLD_EVERY]
        send(pipe, Found(done=done, pairs=len(some)), some.tobytes())


def _found(
    search: AllPairs, rounds: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
) -> Iterator[tuple[float, NDArray[np.int64]]]:
    for number, (wholes, viewed) in enumerate(rounds):
        for share, pairs in search.rows(wholes, viewed):
            yield (number + share) / len(rounds), pairs


if __name__ == "__main__":
    main()
