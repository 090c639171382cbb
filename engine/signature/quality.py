"""How much there is to see in a picture, so that black and flat ones do not vote."""

import numpy as np
from numpy.typing import NDArray

FLAT = 0.035
"""Frames below this quality are flat: black, white, fog, a title's fade. Their hash is noise.

It stands for a mean of 2.2 among the 256 absolute coefficients of the cosine transform of the
64 x 64 luma square (values 0-255). Measured on frames of real films and the same saved as JPEG of
quality 30 with grain: 46 of 256 bits differ where the quality is 0.05, 23 at 0.15, 6 above 0.4;
under 0.02 more than 100, as between strangers. Night scenes of a mean luma of 20 lie at 0.04 to
0.07; re-encoded, 39 to 51 of their bits differ in the median, of two such scenes 128.
"""

FAINT = 0.08
"""Frames below this quality are too faint for the embedding, though not for the hash."""

FULL = 64.0  # mean absolute coefficient from which a picture counts as fully busy


def quality_of(coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N,) float32 from 0, flat, to 1, busy, of (N, 16, 16) coefficients of whole frames."""
    energy = np.abs(coefficients).mean(axis=(-2, -1))
    clipped: NDArray[np.float32] = np.minimum(energy / FULL, 1.0).astype(np.float32)
    return clipped
