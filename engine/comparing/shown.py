"""Where in a few pictures of a film the film is: between which bars, and in what it is set."""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.signature.bars import Stretch, stretches

_FEWEST = 12  # pictures
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def luma_of(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (N, H, W) of (N, H, W, 3) RGB."""
    luma: NDArray[np.uint8] = np.rint(pictures.astype(np.float32) @ _LUMA).astype(np.uint8)
    return luma


def shown_long_enough(luma: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """Return each picture as many times as it takes for their bars to be told, and how many.

    Bars are what many pictures share.
    """
    times = -(-_FEWEST // len(luma))
    return np.repeat(luma, times, axis=0), times


def stretches_of(shown: NDArray[np.uint8]) -> list[Stretch]:
    """Return the stretches of pictures that are shown a second each."""
    return stretches(shown, np.arange(len(shown), dtype=np.float64))
