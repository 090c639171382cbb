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
    squares = np.stack([_squeezed(picture, side) for picture in pictures])
    means = _block_sums(squares)
    ranked = np.sort(means, axis=1)
    middle = _SIDE * _SIDE // 2
    numbers = _packed(means >= ranked[:, middle, None])
    # Blocks as bright as each other in the middle: which of them counts as brighter, only the
    # rounding of the whole arithmetic says.
    tied = ranked[:, middle] == ranked[:, middle - 1]
    if tied.any():
        numbers[tied] = _by_wavelets(squares[tied], side)
    return numbers


def _block_sums(squares: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return (N, 64): the low band of the Haar transform is the means of blocks, up to a factor."""
    edges = np.arange(0, squares.shape[1], squares.shape[1] // _SIDE)
    across = np.add.reduceat(squares, edges, axis=2, dtype=np.int64)
    sums: NDArray[np.int64] = np.add.reduceat(across, edges, axis=1)
    return sums.reshape(len(squares), _SIDE * _SIDE)


def _packed(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    numbers: NDArray[np.uint64] = np.packbits(bits, axis=1).view(">u8").reshape(-1)
    return numbers.astype(np.uint64)


def _by_wavelets(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint64]:
    squares = pixels / 255.0
    deepest = int(np.log2(side))
    # The mean of the whole picture is taken away, as imagehash does before it hashes.
    levels = pywt.wavedec2(squares, "haar", level=deepest, axes=(-2, -1))
    levels[0] = np.zeros_like(levels[0])
    levelled = pywt.waverec2(levels, "haar", axes=(-2, -1))
    low = pywt.wavedec2(levelled, "haar", level=deepest - int(np.log2(_SIDE)), axes=(-2, -1))[0]
    flat = low.reshape(len(squares), _SIDE * _SIDE)
    return _packed(flat > np.median(flat, axis=1, keepdims=True))


def _squeezed(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    image = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image)
