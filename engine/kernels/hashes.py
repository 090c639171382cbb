"""Hashes, views and quality of pictures in torch: the twin of `signature.perceptual`.

The matrices are those of the CPU path, so the two differ by nothing but the order in which a
device adds up, which turns a bit over only where a coefficient is all but zero.
"""

import torch
from torch import Tensor

from autodedup.engine.kernels.lending import kept
from autodedup.engine.signature.perceptual import transform
from autodedup.engine.signature.quality import FULL
from autodedup.engine.signature.views import CROPS, SIDE

_BATCH = 512  # pictures at once: bounds the memory of the float copies


def coefficients(pictures: Tensor) -> Tensor:
    """Return (N, V, 16, 16) float32 of (N, H, W) uint8 luma: frequencies 1-16, of every view."""
    height, width = pictures.shape[1:]
    device = pictures.device
    out = torch.empty((len(pictures), len(CROPS), SIDE, SIDE), device=device)
    for start in range(0, len(pictures), _BATCH):
        batch = pictures[start : start + _BATCH].float()
        down = {
            part: _matrix(height, part, device) @ batch for part in {h for h, _ in CROPS.values()}
        }
        for view, (tall, wide) in enumerate(CROPS.values()):
            out[start : start + _BATCH, view] = down[tall] @ _matrix(width, wide, device).T
    return out


def hashes_of(waves: Tensor) -> Tensor:
    """Return (..., 32) uint8 hashes of (..., 16, 16) coefficients, laid out as `views` says."""
    bits = (waves > 0).reshape(*waves.shape[:-2], SIDE * SIDE // 8, 8)
    places = torch.tensor([128, 64, 32, 16, 8, 4, 2, 1], device=waves.device)
    return (bits * places).sum(dim=-1).to(torch.uint8)


def quality_of(waves: Tensor) -> Tensor:
    """Return (N,) float32 from 0, flat, to 1, busy, of (N, 16, 16) coefficients of whole frames."""
    return (waves.abs().mean(dim=(-2, -1)) / FULL).clamp_(max=1.0)


@kept(128)
def _matrix(length: int, part: float, device: torch.device) -> Tensor:
    return torch.from_numpy(transform(length, part)).to(device)
