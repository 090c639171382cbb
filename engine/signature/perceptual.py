"""256-bit hashes of pictures and of their crops, for whole batches at once.

After pHash and PDQ: the signs of the low frequencies of a cosine transform. Unlike these, the
sign is taken against zero and not against the median, so that the hash of a mirrored or turned
picture follows from the hash of the upright one (`engine.signature.views.turned`).

The crop, the scaling to a square of 64 x 64 (each cell the mean of the area it covers) and the
transform are all linear, so for each view they are one matrix on the left of the picture and
one on its right; no scaled picture is ever made.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.signature.views import CROPS, SIDE

CELLS = 64  # the square that a picture is squeezed into
_BATCH = 128  # pictures at once: bounds the memory of the float copies


def coefficients(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (N, V, 16, 16) float32: frequencies 1-16 down and across, of every stored view.

    Args:
        pictures: (N, H, W) uint8 luma, of any size.
    """
    height, width = pictures.shape[1:]
    out = np.empty((len(pictures), len(CROPS), SIDE, SIDE), dtype=np.float32)
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH].astype(np.float32)
        down = {part: transform(height, part) @ batch for part in {h for h, _ in CROPS.values()}}
        for view, (tall, wide) in enumerate(CROPS.values()):
            out[start : start + _BATCH, view] = down[tall] @ transform(width, wide).T
    return out


def hashes_of(coefficients: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (..., 32) uint8 hashes of (..., 16, 16) coefficients; see `views` for the layout."""
    bits = (coefficients > 0).reshape(*coefficients.shape[:-2], SIDE * SIDE)
    return np.packbits(bits, axis=-1)


@lru_cache(maxsize=64)
def transform(length: int, part: float) -> NDArray[np.float32]:
    """Return (16, length): crop to the centred part, area means of 64 cells, cosine transform."""
    frequency = np.arange(1, SIDE + 1)[:, None]
    cell = np.arange(CELLS)[None, :]
    cosine = np.sqrt(2 / CELLS) * np.cos(np.pi / (2 * CELLS) * frequency * (2 * cell + 1))
    matrix: NDArray[np.float32] = (cosine @ _area(length, part)).astype(np.float32)
    return matrix


def _area(length: int, part: float) -> NDArray[np.float64]:
    """Return (64, length): the share of each pixel in the mean of each cell of a centred part."""
    edges = length * (0.5 + part * (np.arange(CELLS + 1) / CELLS - 0.5))
    pixel = np.arange(length)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    shares = np.clip(covered, 0.0, None)
    weights: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
    return weights
