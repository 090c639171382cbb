"""Edits as people make them, drawn by lot for a whole batch: what the network learns to see past.

Pictures are (N, S, S, 3) uint8 RGB of any S, edits (N, 3, side, side) float32 in 0 … 1.
"""

from typing import Final

import torch
from torch import Tensor

from autodedup.engine.embedding.framing import Levels, crop_maps, framed, levels_of, pasted, sampled
from autodedup.engine.embedding.lots import Lots
from autodedup.engine.embedding.wear import (
    combed,
    faded,
    graded,
    grained,
    recompressed,
    softened,
)

SMALLEST_CROP: Final = 0.45  # of a side: a fifth of the picture
_MILD_CROP = 0.8


def mild(levels: Levels, side: int, lots: Lots) -> Tensor:
    """Return the pictures as another copy of a film shows them: nearly whole, a little worn."""
    n = len(levels[0])
    least = torch.where(lots.chance(n, 0.5), 0.97, _MILD_CROP)
    shown = sampled(levels, crop_maps(lots, n, least, turned=0, stretch=0.1, tilt=0.005), side)
    shown = graded(shown, lots, strength=0.25)
    shown = softened(shown, lots, share=0.3)
    return recompressed(grained(shown, lots, strongest=0.02), lots, share=0.3)


def strong(levels: Levels, side: int, overlays: Tensor, lots: Lots) -> Tensor:
    """Return the pictures edited in several ways at once; `overlays` is (M, 4, h, w) RGBA."""
    n = len(levels[0])
    plain = lots.chance(n, 0.45)  # these get the hard crops, the others a frame
    least = torch.where(plain, SMALLEST_CROP, 0.75)
    maps = crop_maps(lots, n, least, turned=0.4, stretch=0.5, tilt=0.04)
    shown = sampled(levels, maps, side)
    if len(mine := (~plain).nonzero()[:, 0]):
        shown[mine] = framed(tuple(level[mine] for level in levels), maps[mine], side, lots)
    shown = _overlaid(shown, overlays, lots)
    shown = faded(graded(shown, lots, strength=1.0), lots)
    shown = combed(softened(shown, lots, share=0.4), lots, share=0.08)
    return recompressed(grained(shown, lots, strongest=0.06), lots, share=0.4)


def pair(
    pictures: Tensor, side: int, overlays: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return two copies of each picture: one edited, one nearly as it was."""
    lots, levels = Lots(generator), levels_of(pictures)
    return strong(levels, side, overlays, lots), mild(levels, side, lots)


def _overlaid(pictures: Tensor, overlays: Tensor, lots: Lots) -> Tensor:
    """Lay subtitles, logos and other pictures over some of the pictures."""
    n = len(pictures)
    written = torch.where(
        lots.chance(n, 0.3).view(n, 1, 1, 1), _written_on(pictures, overlays, lots), pictures
    )
    other = torch.randperm(n, generator=lots.generator, device=pictures.device)
    patches = torch.cat([pictures[other], torch.ones_like(pictures[:, :1])], 1)
    half = torch.stack([lots.between(n, 0.1, 0.45), lots.between(n, 0.1, 0.45)], 1)
    centre = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1) * (1 - half)
    covered = pasted(written, patches, half, centre)
    return torch.where(lots.chance(n, 0.13).view(n, 1, 1, 1), covered, written)


def _written_on(pictures: Tensor, overlays: Tensor, lots: Lots) -> Tensor:
    """Lay one of the overlays over each picture, more often than not in its lower part."""
    n = len(pictures)
    lines = overlays[lots.index(n, len(overlays))]
    half = torch.stack([lots.between(n, 0.12, 1.0), lots.between(n, 0.05, 0.18)], 1)
    low = torch.where(lots.chance(n, 0.65), lots.between(n, 0.4, 1), lots.between(n, -1, 1))
    centre = torch.stack([lots.between(n, -1, 1), low], 1) * (1 - half)
    density = lots.between(n, 0.5, 1.0).view(n, 1, 1, 1)
    lines = torch.cat([lines[:, :3], lines[:, 3:] * density], 1)
    return pasted(pictures, lines, half, centre)
