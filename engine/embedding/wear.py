"""What happens to a picture's light and detail on its way: grading, fades, grain, re-encoding.

Everything takes and returns (N, 3, H, W) float32 in 0 … 1, of sides divisible by eight, and draws
its strength for each picture.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from autodedup.engine.embedding.lots import Lots

_BLOCK: Final = 8  # pixels: the side of the blocks in which JPEG and MPEG keep a picture


def graded(pictures: Tensor, lots: Lots, *, strength: float) -> Tensor:
    """Change contrast, brightness, saturation, balance and gamma; take all colour from some.

    `strength` 1 is as far as people go, 0 is not at all.
    """
    n = len(pictures)

    def factor(low: float, high: float, count: int = 1) -> Tensor:
        drawn = lots.log_between(n * count, low**strength, high**strength)
        return drawn.view(n, count, 1, 1)

    mean = pictures.mean((1, 2, 3), keepdim=True)
    lit = (pictures - mean) * factor(0.55, 1.6) + mean * factor(0.6, 1.5)
    grey = lit.mean(1, keepdim=True)
    without = lots.chance(n, 0.22 * strength).view(n, 1, 1, 1)
    lit = grey + (lit - grey) * torch.where(without, 0.0, factor(0.4, 1.7))
    lit = (lit * factor(0.8, 1.25, 3)).clamp(1e-4, 1)
    return lit ** factor(0.55, 1.8)


def faded(pictures: Tensor, lots: Lots) -> Tensor:
    """Mix some pictures with black, with white or with another of the batch."""
    n = len(pictures)
    other = torch.randperm(n, generator=lots.generator, device=pictures.device)
    kind = lots.pick(n, (0.88, 0.05, 0.03, 0.04)).view(n, 1, 1, 1)
    share = lots.between(n, 0.1, 0.75).view(n, 1, 1, 1)
    into = torch.where(kind == 1, 0.0, torch.where(kind == 2, 1.0, pictures[other]))  # noqa: PLR2004
    share = torch.where(kind == 3, share * 0.5, share)  # noqa: PLR2004  # a dissolve, early on
    return torch.where(kind == 0, pictures, pictures * (1 - share) + into * share)


def softened(pictures: Tensor, lots: Lots, *, share: float) -> Tensor:
    """Take detail from some pictures, as a small copy that was enlarged lost it."""
    n, size = len(pictures), (pictures.shape[2], pictures.shape[3])
    result = pictures.clone()
    step = lots.pick(n, (1 - share, share * 0.5, share * 0.3, share * 0.2))
    for number in (1, 2, 3):
        mine = (step == number).nonzero()[:, 0]
        if len(mine):
            small = functional.interpolate(
                pictures[mine], [side * 2 // (number + 2) for side in size], mode="area"
            )
            result[mine] = functional.interpolate(small, size, mode="bilinear", align_corners=False)
    return result


def combed(pictures: Tensor, lots: Lots, *, share: float) -> Tensor:
    """Give some pictures a second field of lines that shows another instant."""
    n = len(pictures)
    shift = lots.index(n, 5) - 2
    columns = torch.arange(pictures.shape[-1], device=pictures.device)[None] + shift[:, None]
    columns = columns.clamp(0, pictures.shape[-1] - 1)[:, None, None, :].expand_as(pictures)
    late = pictures.gather(3, columns)
    # Where a line of the small picture holds both fields they mix; a tall one shows them apart.
    mixed = (pictures + late) / 2
    apart = pictures.clone()
    apart[:, :, 1::2] = late[:, :, 1::2]
    either = torch.where(lots.chance(n, 0.5).view(n, 1, 1, 1), mixed, apart)
    return torch.where(lots.chance(n, share).view(n, 1, 1, 1), either, pictures)


def grained(pictures: Tensor, lots: Lots, *, strongest: float) -> Tensor:
    """Add noise of up to this spread."""
    spread = lots.between(len(pictures), 0, 1).square() * strongest
    return (pictures + lots.noise_like(pictures) * spread.view(-1, 1, 1, 1)).clamp(0, 1)


def recompressed(pictures: Tensor, lots: Lots, *, share: float) -> Tensor:
    """Round the cosine coefficients of blocks, as JPEG and MPEG do, in some pictures."""
    mine = lots.chance(len(pictures), share).nonzero()[:, 0]
    if not len(mine):
        return pictures
    n, (height, width) = len(mine), pictures.shape[2:]
    cosines = _cosines(pictures.device)
    blocks = pictures[mine].view(n, 3, height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK)
    blocks = blocks.transpose(3, 4)
    waves = cosines @ blocks @ cosines.T
    order = torch.arange(_BLOCK, device=pictures.device)
    # Coarser for finer waves, about as JPEG's table for luma.
    coarseness = 1 + 0.6 * (order[:, None] + order[None, :])
    step = lots.log_between(n, 0.01, 0.12).view(n, 1, 1, 1, 1, 1) * coarseness
    kept = cosines.T @ ((waves / step).round() * step) @ cosines
    result = pictures.clone()
    result[mine] = kept.transpose(3, 4).reshape(n, 3, height, width).clamp(0, 1)
    return result


def _cosines(device: torch.device) -> Tensor:
    """Return the orthonormal (8, 8) cosine transform (DCT-II)."""
    at = torch.arange(_BLOCK, device=device, dtype=torch.float32)
    rows: Tensor = (
        torch.cos(math.pi / _BLOCK * (at[None] + 0.5) * at[:, None]) * (2 / _BLOCK) ** 0.5
    )
    rows[0] *= 0.5**0.5
    return rows
