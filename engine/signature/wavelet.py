"""64-bit wavelet hashes, bit for bit those of `imagehash.whash`, for a batch of pictures.

Source: Johannes Buchner's imagehash, `whash(hash_size=8, mode="haar", remove_max_haar_ll=True)`.
The same arithmetic on all pictures at once, so that every rounding is the same.
"""

import numpy as np
import pywt
from numpy.typing import NDArray
from PIL import Image

_SIDE = 8
_BATCH = 64  # pictures at once: bounds the memory of the float copies


def whashes(pictures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return (N,) uint64 hashes of (N, H, W) uint8 luma pictures.

    The first bit of imagehash's boolean matrix is the highest of the number, as in its hex form.
    """
    out = np.empty(len(pictures), dtype=np.uint64)
    for start in range(0, len(pictures), _BATCH):
        out[start : start + _BATCH] = _whashes(pictures[start : start + _BATCH])
    return out


def _whashes(pictures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    natural = 2 ** int(np.log2(min(pictures.shape[1:])))
    side = max(natural, _SIDE)
    squares = np.stack([_squeezed(picture, side) for picture in pictures]) / 255.0
    deepest = int(np.log2(side))
    # The mean of the whole picture is taken away, as imagehash does before it hashes.
    levels = pywt.wavedec2(squares, "haar", level=deepest, axes=(-2, -1))
    levels[0] = np.zeros_like(levels[0])
    levelled = pywt.waverec2(levels, "haar", axes=(-2, -1))
    low = pywt.wavedec2(levelled, "haar", level=deepest - int(np.log2(_SIDE)), axes=(-2, -1))[0]
    flat = low.reshape(len(pictures), _SIDE * _SIDE)
    bits = np.packbits(flat > np.median(flat, axis=1, keepdims=True), axis=1)
    numbers: NDArray[np.uint64] = bits.view(">u8").reshape(-1).astype(np.uint64)
    return numbers


def _squeezed(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    image = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image)
