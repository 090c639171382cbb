"""Pictures on a device: made small by the mean of the area each pixel covers, turned, cut.

The torch twin of what FFmpeg's scaler does on the CPU; where to cut, `signature.bars` says from
the small pictures alone. Both directions of a scaling are matrices, so a batch of frames is made
small by two matrix products.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from autodedup.engine.kernels.lending import kept


def made_small(frames: Tensor, height: int, width: int) -> Tensor:
    """Return (..., height, width) uint8 of (..., H, W) uint8 or float 0..255 frames."""
    return whole(averaged(frames, height, width))


def averaged(frames: Tensor, height: int, width: int) -> Tensor:
    """Return (..., height, width) float32: the means of the areas that (..., H, W) frames cover."""
    down = _shares(frames.shape[-2], height, frames.device)
    across = _shares(frames.shape[-1], width, frames.device)
    return down @ frames.float() @ across.T


def whole(values: Tensor) -> Tensor:
    """Return floats rounded to uint8, 0 … 255."""
    return values.round().clamp_(0, 255).to(torch.uint8)


def turned_upright(pictures: Tensor, quarters: int) -> Tensor:
    """Return (N, H, W) or (N, H, W, 3) pictures turned counter-clockwise, as `numpy.rot90` does."""
    return torch.rot90(pictures, quarters, (1, 2)).contiguous()


def cut_out(
    pictures: Tensor, box: tuple[float, float, float, float], shape: tuple[int, int]
) -> Tensor:
    """Return the boxed part of (N, H, W, 3) uint8 pictures, in another shape: (N, h, w, 3).

    Args:
        pictures: What is cut.
        box: Left, top, right and bottom of the part, in shares of the sides.
        shape: Height and width of the result.
    """
    if box == (0.0, 0.0, 1.0, 1.0) and pictures.shape[1:3] == shape:
        return pictures
    height, width = pictures.shape[1:3]
    down = _tents(height, (height * box[1], height * box[3]), shape[0], pictures.device)
    across = _tents(width, (width * box[0], width * box[2]), shape[1], pictures.device)
    planes = pictures.permute(0, 3, 1, 2).float()
    # Each direction is rounded by itself, as Pillow does.
    wide = (planes @ across.T).round_().clamp_(0, 255)
    part = (down @ wide).round_().clamp_(0, 255)
    return part.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


@kept(64)
def _shares(length: int, cells: int, device: torch.device) -> Tensor:
    """Return (cells, length): the share of each pixel in the mean of each cell."""
    edges = np.arange(cells + 1) * (length / cells)
    pixel = np.arange(length)
    covered = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    shares = np.clip(covered, 0.0, None)
    return _on(shares / shares.sum(axis=1, keepdims=True), device)


@kept(64)
def _tents(side: int, part: tuple[float, float], count: int, device: torch.device) -> Tensor:
    """Return (count, side): a part of the pixels as so many, by Pillow's bilinear filter."""
    start, end = part
    scale = (end - start) / count
    reach = max(scale, 1.0)
    centre = start + (np.arange(count)[:, None] + 0.5) * scale
    away = np.abs((np.arange(side)[None, :] + 0.5 - centre) / reach)
    weights = np.clip(1.0 - away, 0.0, None)
    return _on(weights / weights.sum(axis=1, keepdims=True), device)


def _on(matrix: NDArray[np.float64], device: torch.device) -> Tensor:
    return torch.from_numpy(matrix.astype(np.float32)).to(device)
