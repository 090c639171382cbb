"""64-bit wavelet hashes in torch: the twin of `signature.wavelet`, and so of `imagehash.whash`.

Pillow scales in whole numbers, so its result is had exactly: in float64 no sum of them is rounded.
The Haar steps are those of PyWavelets, each sum in the same order; a device that fuses a product
with a sum may round the last place otherwise, which can decide a bit only where two blocks of the
picture are equally bright.
"""

import numpy as np
import torch
from torch import Tensor

from autodedup.engine.kernels.lending import kept

_SIDE = 8
_BATCH = 64
_LOBES = 3.0  # of Lanczos' filter
_HALF = float(np.sqrt(0.5))  # both coefficients of Haar's low-pass filter
_PRECISION = 1 << 22  # Pillow's fixed point


def whashes(pictures: Tensor) -> Tensor:
    """Return (N,) int64 of (N, H, W) uint8 luma: the 64 bits, the first one as the sign."""
    out = torch.empty(len(pictures), dtype=torch.int64, device=pictures.device)
    for start in range(0, len(pictures), _BATCH):
        out[start : start + _BATCH] = _whashes(pictures[start : start + _BATCH])
    return out


def _whashes(pictures: Tensor) -> Tensor:
    side = max(2 ** int(np.log2(min(pictures.shape[1:]))), _SIDE)
    squares = squeezed(pictures, side).double() / 255.0
    low = _low(_levelled(squares), side // _SIDE)
    flat = low.reshape(len(pictures), _SIDE * _SIDE)
    ranked = flat.sort(dim=1).values
    middle = (ranked[:, 31:32] + ranked[:, 32:33]) / 2
    bits = (flat > middle).long()
    places = torch.tensor([1 << (63 - n) if n else -(1 << 63) for n in range(64)])
    return (bits * places.to(bits.device)).sum(dim=1)


def squeezed(pictures: Tensor, side: int) -> Tensor:
    """Return (N, side, side) uint8: what Pillow's Lanczos filter makes of (N, H, W) uint8."""
    device = pictures.device
    across = _lanczos(pictures.shape[2], side, device)
    down = _lanczos(pictures.shape[1], side, device)
    wide = pictures if pictures.shape[2] == side else _fixed(pictures.double() @ across.T)
    return wide if pictures.shape[1] == side else _fixed(down @ wide.double())


def _fixed(sums: Tensor) -> Tensor:
    rounded = torch.floor((sums + _PRECISION // 2) / _PRECISION)
    return rounded.clamp_(0, 255).to(torch.uint8)


def _levelled(squares: Tensor) -> Tensor:
    """Take the mean of the whole picture away, down through every level and up again."""
    details: list[tuple[Tensor, Tensor, Tensor]] = []
    low = squares
    while low.shape[-1] > 1:
        low, *rest = _down(low)
        details.append((rest[0], rest[1], rest[2]))
    low = torch.zeros_like(low)
    for horizontal, vertical, diagonal in reversed(details):
        low = _up(low, horizontal, vertical, diagonal)
    return low


def _low(squares: Tensor, factor: int) -> Tensor:
    low = squares
    while factor > 1:
        low = _down(low)[0]
        factor //= 2
    return low


def _halves(values: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return the sums and the differences of neighbours along an axis, each times sqrt(1/2)."""
    shape = values.shape
    pairs = values.reshape(*shape[:axis], shape[axis] // 2, 2, *shape[axis + 1 :])
    even, odd = pairs.unbind(axis + 1)
    return _HALF * even + _HALF * odd, _HALF * even - _HALF * odd


def _down(values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the low part of (N, S, S) and its horizontal, vertical and diagonal details."""
    low, high = _halves(values, 1)
    low_low, low_high = _halves(low, 2)
    high_low, high_high = _halves(high, 2)
    return low_low, high_low, low_high, high_high


def _up(low: Tensor, horizontal: Tensor, vertical: Tensor, diagonal: Tensor) -> Tensor:
    """Undo `_down`."""
    top, bottom = _joined(low, vertical, 2), _joined(horizontal, diagonal, 2)
    return _joined(top, bottom, 1)


def _joined(sums: Tensor, differences: Tensor, axis: int) -> Tensor:
    even = _HALF * sums + _HALF * differences
    odd = _HALF * sums - _HALF * differences
    return torch.stack((even, odd), dim=axis + 1).flatten(axis, axis + 1)


@kept(64)
def _lanczos(length: int, side: int, device: torch.device) -> Tensor:
    """Return (side, length) float64: Pillow's whole-number coefficients of a scaling."""
    scale = length / side
    stretch = max(scale, 1.0)
    support = _LOBES * stretch
    matrix = np.zeros((side, length))
    for cell in range(side):
        centre = (cell + 0.5) * scale
        first = max(int(centre - support + 0.5), 0)
        last = min(int(centre + support + 0.5), length)
        away = (np.arange(first, last) + 0.5 - centre) / stretch
        weights = np.where(np.abs(away) < _LOBES, np.sinc(away) * np.sinc(away / _LOBES), 0.0)
        weights /= weights.sum()
        # Half away from zero, as C rounds.
        scaled = weights * _PRECISION
        matrix[cell, first:last] = np.trunc(scaled + np.copysign(0.5, scaled))
    return torch.from_numpy(matrix).to(device)
