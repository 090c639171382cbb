"""How an embedding is kept: 128 bytes instead of 512, with products that hardly change."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = 254.0  # of the range -1 … 1 in which a part lies; half of it is all that ever occurs


def to_bytes(embeddings: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return (..., 128) int8 of (..., 128) float32 of about unit length.

    Parts beyond half a unit are cut off: none of a real picture comes near.
    """
    steps = np.clip(np.rint(embeddings * STEPS), -127, 127)
    kept: NDArray[np.int8] = steps.astype(np.int8)
    return kept


def from_bytes(kept: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return (..., 128) float32; products of two differ by less than 0.01 from before.

    The product says how alike two frames are, as `calibration` counts it.
    """
    restored: NDArray[np.float32] = kept.astype(np.float32)
    restored /= STEPS
    return restored


def directions(kept: NDArray[np.int8]) -> NDArray[np.float32]:
    """Return (..., 128) float32 of unit length: how much a film moves is told by cosines alone."""
    whole = kept.astype(np.float32)
    length = np.linalg.norm(whole, axis=-1, keepdims=True)
    restored: NDArray[np.float32] = whole / np.maximum(length, 1.0)
    return restored
