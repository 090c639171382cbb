"""Edits as people make them, drawn by lot for a whole batch: what the network learns to see past.

Every source picture gives two: a large one and a small one. Either the small one is a part of the
large one (a crop), or the large one shows the small one in some place (a border, bars, a picture
in a picture). Which part of each shows what the other shows is told with them.
"""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from autodedup.engine.embedding.framing import (
    Levels,
    Rects,
    Size,
    crop_within,
    framed,
    laid_down,
    pasted,
    placed,
    sampled,
    whole,
)
from autodedup.engine.embedding.lots import Lots
from autodedup.engine.embedding.wear import (
    combed,
    faded,
    graded,
    grained,
    recompressed,
    softened,
)

_ORIGINAL_LEAST: Final = 0.7  # of a source picture that an original shows
_MISSED: Final = 0.25  # of their half: how far the places compared later miss where a picture lies
_FLAT: Final = 0.035  # spread of brightness, of 1, under which a picture shows nothing to find


@dataclass(frozen=True, slots=True)
class Reach:
    """How far edits move a picture.

    `crop` and `frame` are the least shares of a side that crops leave, and that pictures in a
    larger frame take.
    """

    crop: float
    frame: float


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Two copies of some pictures, (N, 3, H, W) float32 in 0 … 1, and where they show the same.

    `taken` (N,) says which pictures; those are left out of which nothing is to be seen.
    """

    large: Tensor
    small: Tensor
    in_large: Rects
    in_small: Rects
    taken: Tensor


def pairs(
    levels: Levels,
    sizes: tuple[Size, Size],
    reach: Reach,
    overlays: Tensor,
    generator: torch.Generator,
) -> Pairs:
    """Return a large and a small copy of each picture, one of them edited.

    Args:
        levels: The pictures.
        sizes: Of the large and the small copies.
        reach: How far the edits go.
        overlays: (M, 4, h, w) RGBA that is laid over some.
        generator: What draws.
    """
    lots, device = Lots(generator), levels.full.device
    n, (large_size, small_size) = len(levels.full), sizes
    cropped = lots.chance(n, 0.5)
    turns = torch.where(lots.chance(n, 0.35), lots.index(n, 4), 0)
    mirrored = lots.chance(n, 0.15)
    shape_of_large = _shape(large_size, torch.zeros_like(turns))
    everything = whole(n, device)

    # A crop: the small copy shows a part of the large one.
    original = crop_within(lots, everything, shape_of_large, least=_ORIGINAL_LEAST, stretch=0.15)
    part = crop_within(lots, original, _shape(small_size, turns), least=reach.crop, stretch=0.25)
    # A frame: the large copy shows the small one, or most of it, in some place.
    upright = _shape(small_size, torch.zeros_like(turns))
    shown = crop_within(lots, everything, upright, least=_ORIGINAL_LEAST, stretch=0.15)
    cut = lots.chance(n, 0.35)
    inner = shown.where(~cut, crop_within(lots, shown, upright, least=_ORIGINAL_LEAST, stretch=0.4))
    natural = inner.half[:, 0] / inner.half[:, 1] * torch.exp(lots.between(n, -0.2, 0.2))
    place = placed(
        lots, torch.where(turns % 2 == 1, 1 / natural, natural), large_size, least=reach.frame
    )

    source = torch.arange(n, device=device)
    small = sampled(
        levels,
        source,
        torch.where(
            cropped[:, None, None],
            laid_down(lots, part, turns, mirrored, 0.03),
            laid_down(lots, shown, torch.zeros_like(turns), torch.zeros_like(mirrored), 0.004),
        ),
        small_size,
    )
    large = torch.empty(n, 3, *large_size, device=device)
    if len(mine := cropped.nonzero()[:, 0]):
        still = torch.zeros(len(mine), device=device)
        maps = laid_down(lots, _some(original, mine), still, still.bool(), 0.004)
        large[mine] = sampled(levels, mine, maps, large_size)
    if len(mine := (~cropped).nonzero()[:, 0]):
        maps = laid_down(lots, _some(inner, mine), turns[mine], mirrored[mine], 0.02)
        large[mine] = framed(levels, mine, maps, _some(place, mine), large_size, lots=lots)
    shows = small.mean(1, keepdim=True)
    relief = functional.adaptive_avg_pool2d(shows, 8).flatten(1).std(1)
    taken = (relief >= _FLAT).nonzero()[:, 0]
    taken = taken if len(taken) > 1 else source  # a batch of one teaches nothing
    in_large = _missed(part.within(original).where(cropped, place), lots)
    in_small = everything.where(cropped, inner.within(shown))
    return Pairs(
        large=_worn(large[taken], ~cropped[taken], overlays, lots),
        small=_worn(small[taken], cropped[taken], overlays, lots),
        in_large=_some(in_large, taken),
        in_small=_some(in_small, taken),
        taken=taken,
    )


def _missed(places: Rects, lots: Lots) -> Rects:
    """Move and resize the places a little, within the picture."""
    n = len(places.half)
    size = torch.exp(torch.stack([lots.between(n, -0.15, 0.15), lots.between(n, -0.15, 0.15)], 1))
    half = (places.half * size).clamp(max=1.0)
    shift = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1) * _MISSED * places.half
    centre = torch.maximum(torch.minimum(places.centre + shift, 1 - half), half - 1)
    return Rects(centre, half)


def _worn(pictures: Tensor, edited: Tensor, overlays: Tensor, lots: Lots) -> Tensor:
    """Wear the edited ones down strongly, the others as another copy of a film is worn."""
    result = torch.empty_like(pictures)
    if len(mine := edited.nonzero()[:, 0]):
        hard = _overlaid(pictures[mine], overlays, lots)
        hard = faded(graded(hard, lots, strength=1.0), lots)
        hard = combed(softened(hard, lots, share=0.4), lots, share=0.08)
        result[mine] = recompressed(grained(hard, lots, strongest=0.06), lots, share=0.4)
    if len(mine := (~edited).nonzero()[:, 0]):
        mild = softened(graded(pictures[mine], lots, strength=0.25), lots, share=0.3)
        result[mine] = recompressed(grained(mild, lots, strongest=0.02), lots, share=0.3)
    return result


def _overlaid(pictures: Tensor, overlays: Tensor, lots: Lots) -> Tensor:
    """Lay subtitles, logos and other pictures over some of the pictures."""
    result = pictures.clone()
    if len(mine := lots.chance(len(pictures), 0.3).nonzero()[:, 0]):
        result[mine] = _written_on(result[mine], overlays, lots)
    if len(mine := lots.chance(len(pictures), 0.13).nonzero()[:, 0]):
        n, other = len(mine), pictures[mine.roll(1)]
        patches = torch.cat([other, torch.ones_like(other[:, :1])], 1)
        half = torch.stack([lots.between(n, 0.1, 0.45), lots.between(n, 0.1, 0.45)], 1)
        centre = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1) * (1 - half)
        result[mine] = pasted(result[mine], patches, Rects(centre, half))
    return result


def _written_on(pictures: Tensor, overlays: Tensor, lots: Lots) -> Tensor:
    """Lay one of the overlays over each picture, more often than not in its lower part."""
    n = len(pictures)
    lines = overlays[lots.index(n, len(overlays))]
    half = torch.stack([lots.between(n, 0.12, 1.0), lots.between(n, 0.05, 0.18)], 1)
    low = torch.where(lots.chance(n, 0.65), lots.between(n, 0.4, 1), lots.between(n, -1, 1))
    centre = torch.stack([lots.between(n, -1, 1), low], 1) * (1 - half)
    density = lots.between(n, 0.5, 1.0).view(n, 1, 1, 1)
    lines = torch.cat([lines[:, :3], lines[:, 3:] * density], 1)
    return pasted(pictures, lines, Rects(centre, half))


def _shape(size: Size, turns: Tensor) -> Tensor:
    """Return (n,): width to height of what a picture of this size shows, turned so often."""
    aspect = size[1] / size[0]
    return torch.where(turns % 2 == 1, 1 / aspect, aspect)


def _some(places: Rects, mine: Tensor) -> Rects:
    return Rects(places.centre[mine], places.half[mine])
