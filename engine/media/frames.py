"""What a decoder hands on: small pictures with their times, upright, all of one size."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHORT_SIDE = 128  # pixels of the small picture: enough for 16 frequencies of every crop
LONG_SIDE = 320

Progress = Callable[[float], None]
"""Told, often, how many seconds of the film have been passed; a sign of life, not a total."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The pictures that were looked at.

    times_seconds  (N,) float64, rising, from the first picture of the video
    pictures       (N, H, W) uint8 luma, 0 black … 255 white, turned as displayed
    seen_seconds   how long the pictures last
    notes          what went wrong on the way without being fatal
    colours        (N, H, W, 3) uint8 RGB: the same pictures in the shape that the copy model is
                   shown (`engine.embedding.shapes`); None where they were not asked for
    """

    times_seconds: NDArray[np.float64]
    pictures: NDArray[np.uint8]
    seen_seconds: float
    notes: tuple[str, ...] = ()
    colours: NDArray[np.uint8] | None = None


def small_size(width: int, height: int) -> tuple[int, int]:
    """Return the width and height of the small picture of a displayed size; it never grows."""
    scale = min(1.0, SHORT_SIDE / min(width, height), LONG_SIDE / max(width, height))
    return max(2, round(width * scale)), max(2, round(height * scale))
