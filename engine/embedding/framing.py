"""Where a picture comes to lie in its edit: crops, turns, bars, borders, pictures in pictures.

Places are in half-sides of a square from -1 to 1, x before y, as `affine_grid` counts them. A
picture is sampled once, however many moves it makes, and from the level of detail that fits.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from autodedup.engine.embedding.lots import Lots

Levels = tuple[Tensor, ...]  # (N, 3, S, S) float in 0 … 1, each half the size of the one before

_LEVELS: Final = 5
_NONE, _BORDER, _SIDES, _BANDS, _BARS, _INSIDE = range(6)
_LAYOUTS: Final = (0.2, 0.2, 0.22, 0.12, 0.14, 0.12)


def levels_of(pictures: Tensor) -> Levels:
    """Return the pictures at five sizes, for (N, S, S, 3) uint8."""
    first = pictures.permute(0, 3, 1, 2).float() / 255
    found = [first]
    while len(found) < _LEVELS:
        found.append(functional.avg_pool2d(found[-1], 2))
    return tuple(found)


def crop_maps(
    lots: Lots, n: int, smallest: Tensor, *, turned: float, stretch: float, tilt: float
) -> Tensor:
    """Draw which part of a picture is shown, and how it is turned: (n, 2, 3) maps.

    Args:
        lots: What draws.
        n: How many.
        smallest: (n,) the least share of a side that a crop leaves.
        turned: How often a picture is laid down by quarter turns and mirrored, of 1.
        stretch: How far the aspect is changed, as the log of the ratio.
        tilt: Spread of small turns, in radians.
    """
    size = torch.exp(torch.log(smallest) * lots.between(n, 0, 1))
    aspect = torch.exp(lots.between(n, -stretch, stretch) * 0.5)
    wide, tall = (size * aspect).clamp(max=1.0), (size / aspect).clamp(max=1.0)
    left, top = lots.between(n, -1, 1) * (1 - wide), lots.between(n, -1, 1) * (1 - tall)
    turns = torch.where(lots.chance(n, turned), lots.index(n, 4), 0)
    mirror = 1 - 2 * (lots.chance(n, turned) & lots.chance(n, 0.5)).float()
    angle = turns * (math.pi / 2) + lots.normal(n, tilt)
    cosine, sine = angle.cos(), angle.sin()
    rows = (
        torch.stack([wide * cosine * mirror, -wide * sine, left], 1),
        torch.stack([tall * sine * mirror, tall * cosine, top], 1),
    )
    return torch.stack(rows, 1)


def sampled(levels: Levels, maps: Tensor, side: int) -> Tensor:
    """Return (n, 3, side, side): what the (n, 2, 3) maps show of the pictures."""
    n, full = len(maps), levels[0].shape[-1]
    step = maps[:, :, :2].norm(dim=2).amax(1) * full / side
    level = step.clamp(min=1).log2().floor().long().clamp(max=len(levels) - 1)
    shown = torch.empty(n, 3, side, side, device=maps.device)
    for number, pictures in enumerate(levels):
        mine = (level == number).nonzero()[:, 0]
        if len(mine):
            shown[mine] = _seen(pictures[mine], maps[mine], side)
    return shown


def framed(levels: Levels, maps: Tensor, side: int, lots: Lots) -> Tensor:
    """Return what the maps show, in some of the pictures set into a larger frame.

    The frame is a colour, the picture itself blurred beyond recognition, black, or another
    picture of the batch.
    """
    n = len(maps)
    layout = lots.pick(n, _LAYOUTS)
    half, centre = _places(layout, lots)
    # Half of those between bars are first cut to the shape that they are shown in.
    cut = (_is(layout, _SIDES) | _is(layout, _BANDS))[:, 0, 0] & lots.chance(n, 0.5)[:, None]
    linear = torch.where(cut[:, :, None], maps[:, :, :2] * half[:, None, :], maps[:, :, :2])
    maps = torch.cat([linear, maps[:, :, 2:]], 2)
    front = sampled(levels, _set_into(maps, half, centre), side)
    cover = _cover(half, centre, side)
    return front * cover + _behind(levels, maps, layout, side, lots) * (1 - cover)


def pasted(pictures: Tensor, patches: Tensor, half: Tensor, centre: Tensor) -> Tensor:
    """Lay (n, 4, h, w) RGBA patches over the pictures; `half` and `centre` are (n, 2)."""
    side = pictures.shape[-1]
    still = torch.eye(2, 3, device=pictures.device).repeat(len(pictures), 1, 1)
    seen = _seen(patches, _set_into(still, half, centre), side)
    cover = _cover(half, centre, side) * seen[:, 3:]
    return pictures * (1 - cover) + seen[:, :3] * cover


def _places(layout: Tensor, lots: Lots) -> tuple[Tensor, Tensor]:
    """Draw half-sizes and centres (n, 2) of the picture in its frame."""
    n = len(layout)
    narrow, free = lots.between(n, 0.3, 0.9), lots.between(n, 0.5, 0.95)
    nearly = torch.where(lots.chance(n, 0.8), 1.0, lots.between(n, 0.8, 1.0))
    one = torch.ones(n, device=layout.device)
    wide, tall = one.clone(), one.clone()
    upright = lots.chance(n, 0.5)

    def put(kind: int, across: Tensor, down: Tensor) -> None:
        wide[layout == kind], tall[layout == kind] = across[layout == kind], down[layout == kind]

    put(_BORDER, free, (free * lots.log_between(n, 0.85, 1.18)).clamp(max=0.95))
    put(_SIDES, narrow, nearly)
    put(_BANDS, nearly, narrow)
    slim = lots.between(n, 0.55, 0.97)
    put(_BARS, torch.where(upright, slim, one), torch.where(upright, one, slim))
    put(_INSIDE, free * 0.9, (free * lots.log_between(n, 0.7, 1.4)).clamp(max=0.95) * 0.9)
    half = torch.stack([wide, tall], 1)
    # Bars are even in most films; borders and insets lie anywhere.
    loose = ((layout == _BORDER) & lots.chance(n, 0.5)) | (layout == _INSIDE)
    loose = (loose | lots.chance(n, 0.1)).float()[:, None]
    shift = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1)
    return half, shift * loose * (1 - half)


def _behind(levels: Levels, maps: Tensor, layout: Tensor, side: int, lots: Lots) -> Tensor:
    n = len(maps)
    colour = torch.rand(n, 3, 1, 1, generator=lots.generator, device=maps.device)
    plain = lots.chance(n, 0.5)[:, None, None, None]
    colour = torch.where(plain, colour.mean(1, keepdim=True).round(), colour)  # black or white
    ground = colour.expand(n, 3, side, side)
    ground = torch.where(_is(layout, _BARS), torch.zeros_like(ground), ground)

    soft = _is(layout, _SIDES) | _is(layout, _BANDS)
    soft = soft | (_is(layout, _BORDER) & lots.chance(n, 0.35)[:, None, None, None])
    zoomed = maps.clone()
    zoomed[:, :, :2] *= lots.between(n, 0.3, 1.0)[:, None, None]
    light = lots.between(n, 0.5, 1.0)[:, None, None, None]
    ground = torch.where(soft, _blurred(levels, zoomed, side, lots) * light, ground)

    other = torch.randperm(n, generator=lots.generator, device=maps.device)
    strange = sampled(tuple(level[other] for level in levels), maps[other], side)
    return torch.where(_is(layout, _INSIDE), strange, ground)


def _blurred(levels: Levels, maps: Tensor, side: int, lots: Lots) -> Tensor:
    """Show the pictures so coarsely that only their colours are left."""
    coarse = functional.grid_sample(
        levels[-1],
        functional.affine_grid(maps.contiguous(), [len(maps), 3, 12, 12], align_corners=False),
        padding_mode="border",
        align_corners=False,
    )
    coarser = functional.avg_pool2d(coarse, 2)
    many = (len(maps), 3, side, side)
    fine, rough = (
        functional.interpolate(each, many[2:], mode="bicubic", align_corners=False).clamp(0, 1)
        for each in (coarse, coarser)
    )
    return torch.where(lots.chance(len(maps), 0.5)[:, None, None, None], fine, rough)


def _seen(pictures: Tensor, maps: Tensor, side: int) -> Tensor:
    grid = functional.affine_grid(
        maps.contiguous(), [len(maps), pictures.shape[1], side, side], align_corners=False
    )
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def _set_into(maps: Tensor, half: Tensor, centre: Tensor) -> Tensor:
    """Make maps of a whole frame that show in one place of it what the given maps show."""
    linear = maps[:, :, :2] / half[:, None, :]
    moved = maps[:, :, 2] - (linear * centre[:, None, :]).sum(2)
    return torch.cat([linear, moved[:, :, None]], 2)


def _cover(half: Tensor, centre: Tensor, side: int) -> Tensor:
    """Return (n, 1, side, side): how much of each pixel the placed picture covers."""
    at = (torch.arange(side, device=half.device) + 0.5) * (2 / side) - 1
    within = half[:, :, None] - (at[None, None, :] - centre[:, :, None]).abs()
    share = (within * (side / 2) + 0.5).clamp(0, 1)
    return share[:, 1, :, None].mul(share[:, 0, None, :])[:, None]


def _is(layout: Tensor, kind: int) -> Tensor:
    return (layout == kind)[:, None, None, None]
