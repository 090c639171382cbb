"""What the frames of a film mean, as numbers: what is stored, and what films are compared by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Meanings:
    """What some frames of one content mean.

    recipe         which model, with which weights; only meanings of one recipe may be compared
    times_seconds  (K,) float64, rising
    rows           (K, N) float32 of unit length
    """

    recipe: str
    times_seconds: NDArray[np.float64]
    rows: NDArray[np.float32]
