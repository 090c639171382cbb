"""What lies in a decoder's surface: luma and colour, made small without leaving the device.

NV12 and its 16-bit sister P016: the luma of H rows, then H/2 rows in which blue and red difference
alternate. The matrices are those of ITU-R BT.601, BT.709 and BT.2020.
"""

from typing import Final

import torch
from torch import Tensor

from autodedup.engine.kernels.pictures import averaged, whole

# Shares of red and blue in luma.
_SHARES: Final = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722), "bt2020": (0.2627, 0.0593)}


def small_luma(surface: Tensor, height: int, width: int, *, full_range: bool) -> Tensor:
    """Return (height, width) uint8 luma, 0 … 255, of one (3 * H / 2, W) surface.

    Args:
        surface: uint8, or uint16 with the sample in its highest bits.
        height: Of the small picture.
        width: Of the small picture.
        full_range: Whether its luma runs from 0 to 255 already.
    """
    rows = 2 * surface.shape[0] // 3
    small = averaged(_eight_bits(surface[:rows]), height, width)
    return whole(small if full_range else (small - 16) * (255 / 219))


def small_colour(
    surface: Tensor, shape: tuple[int, int], *, full_range: bool, matrix: str
) -> Tensor:
    """Return (h, w, 3) uint8 RGB of one (3 * H / 2, W) surface, squeezed into this shape."""
    rows = 2 * surface.shape[0] // 3
    luma = _small(surface[:rows], shape)
    both = surface[rows:].reshape(rows // 2, -1, 2)
    blue, red = _small(both[..., 0], shape) - 128, _small(both[..., 1], shape) - 128
    if full_range:
        y, spread = luma, 1.0
    else:
        y, spread = (luma - 16) * (255 / 219), 255 / 224
    share_red, share_blue = _SHARES[matrix]
    r = y + spread * 2 * (1 - share_red) * red
    b = y + spread * 2 * (1 - share_blue) * blue
    g = (y - share_red * r - share_blue * b) / (1 - share_red - share_blue)
    return whole(torch.stack((r, g, b), dim=-1))


def _small(plane: Tensor, shape: tuple[int, int]) -> Tensor:
    return averaged(_eight_bits(plane), *shape)


def _eight_bits(plane: Tensor) -> Tensor:
    """Return samples as floats 0 … 255, whatever the depth."""
    return plane.float() if plane.dtype == torch.uint8 else plane.to(torch.int32).float() / 256
