"""Where a picture comes to lie in its edit: crops, turns, bars, borders, pictures in pictures.

Places are in half-sides of a picture from -1 to 1, x before y, as `affine_grid` counts them. A
picture is sampled once, however many moves it makes, and from the level of detail that fits.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from autodedup.engine.embedding.lots import Lots

Size = tuple[int, int]  # height and width in pixels

_LEVELS: Final = 5
_SHARPNESS: Final = 0.3  # of a level: a little softer than could be, at a quarter of the cost
_NARROWEST: Final = 0.3  # of a side: what is less is seen as a few pixels
_PLAIN, _BLURRED, _STRANGE = range(3)
_GROUNDS: Final = (0.48, 0.35, 0.17)


@dataclass(frozen=True, slots=True, eq=False)
class Rects:
    """Upright rectangles, one a picture: centres and half-sizes, both (n, 2)."""

    centre: Tensor
    half: Tensor

    def within(self, outer: "Rects") -> "Rects":
        """Return the same places as the outer rectangles count them."""
        return Rects((self.centre - outer.centre) / outer.half, self.half / outer.half)

    def where(self, mine: Tensor, other: "Rects") -> "Rects":
        """Return these rectangles where `mine` (n,) says so, and the other ones elsewhere."""
        chosen = mine[:, None]
        return Rects(
            torch.where(chosen, self.centre, other.centre),
            torch.where(chosen, self.half, other.half),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """Pictures in full, (N, S, S, 3) uint8, and coarser: (N, 3, s, s) float in 0 … 1, by halves."""

    full: Tensor
    coarser: tuple[Tensor, ...]

    def at(self, number: int, mine: Tensor) -> Tensor:
        """Return (n, 3, s, s) of the pictures `mine` (n,): 0 is in full."""
        if number:
            return self.coarser[number - 1][mine]
        return self.full[mine].permute(0, 3, 1, 2).float().mul_(1 / 255)


def whole(n: int, device: torch.device) -> Rects:
    """Return the rectangles that are all of their picture."""
    return Rects(torch.zeros(n, 2, device=device), torch.ones(n, 2, device=device))


def levels_of(pictures: Tensor, halves: Tensor) -> Levels:
    """Return the pictures at five sizes.

    Args:
        pictures: (N, S, S, 3) uint8, which stay so: few are ever shown in full detail.
        halves: (N, S/2, S/2, 3) uint8, the same at half the size.
    """
    found = [halves.permute(0, 3, 1, 2).float().mul_(1 / 255)]
    while len(found) < _LEVELS - 1:
        found.append(functional.avg_pool2d(found[-1], 2))
    return Levels(pictures, tuple(found))


def fitted(aspect: Tensor, sides: Tensor) -> Tensor:
    """Return (n, 2): the largest of this aspect (width to height) in rectangles of these sides."""
    wide, tall = sides.unbind(1)
    across = torch.minimum(wide, tall * aspect)
    return torch.stack([across, across / aspect], 1)


def crop_within(lots: Lots, outer: Rects, aspect: Tensor, *, least: float, stretch: float) -> Rects:
    """Draw rectangles inside others, at any place.

    Args:
        lots: What draws.
        outer: What they lie in.
        aspect: (n,) width to height of each.
        least: How small they may be, as a share of the largest of their aspect that fits; a
            narrow one stays larger.
        stretch: How far the aspect is changed, as the log of the ratio.
    """
    n = len(aspect)
    shaped = aspect * torch.exp(lots.between(n, -stretch, stretch))
    largest = fitted(shaped, outer.half)
    smallest = _not_too_narrow(largest / outer.half, least)
    size = torch.exp(torch.log(smallest) * lots.between(n, 0, 1))
    half = largest * size[:, None]
    place = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1)
    return Rects(outer.centre + place * (outer.half - half), half)


def laid_down(lots: Lots, shown: Rects, turns: Tensor, mirrored: Tensor, tilt: float) -> Tensor:
    """Return the (n, 2, 3) maps of pictures that show these rectangles, turned and mirrored."""
    angle = turns * (math.pi / 2) + lots.normal(len(turns), tilt)
    cosine, sine = angle.cos(), angle.sin()
    flip = 1 - 2 * mirrored.float()
    (wide, tall), (left, top) = shown.half.unbind(1), shown.centre.unbind(1)
    rows = (
        torch.stack([wide * cosine * flip, -wide * sine, left], 1),
        torch.stack([tall * sine * flip, tall * cosine, top], 1),
    )
    return torch.stack(rows, 1)


def sampled(levels: Levels, source: Tensor, maps: Tensor, size: Size) -> Tensor:
    """Return (n, 3, height, width): what the (n, 2, 3) maps show of the pictures `source` (n,)."""
    n, full = len(maps), levels.full.shape[1]
    pixels = torch.tensor([size[1], size[0]], device=maps.device)
    step = (maps[:, :, :2].norm(dim=1) * full / pixels).amax(1)
    level = (step.clamp(min=1).log2() + _SHARPNESS).floor().long().clamp(max=_LEVELS - 1)
    shown = torch.empty(n, 3, *size, device=maps.device)
    for number in range(_LEVELS):
        if len(mine := (level == number).nonzero()[:, 0]):
            shown[mine] = _seen(levels.at(number, source[mine]), maps[mine], size)
    return shown


def placed(lots: Lots, aspect: Tensor, size: Size, *, least: float) -> Rects:
    """Draw where pictures of this aspect lie in a larger one: between bars, bordered, in a corner.

    Two in five are as large as they can be; the others down to `least` of that.
    """
    n = len(aspect)
    sides = torch.tensor([size[1], size[0]], device=aspect.device, dtype=torch.float32)
    largest = fitted(aspect, sides.expand(n, 2)) / sides
    smallest = _not_too_narrow(largest, least)
    drawn = smallest + (1 - smallest) * lots.between(n, 0, 1)
    half = largest * torch.where(lots.chance(n, 0.4), 1.0, drawn)[:, None]
    loose = lots.chance(n, 0.45).float()[:, None]
    shift = torch.stack([lots.between(n, -1, 1), lots.between(n, -1, 1)], 1)
    return Rects(shift * loose * (1 - half), half)


def _not_too_narrow(shares: Tensor, least: float) -> Tensor:
    """Return (n,): the least factor that leaves (n, 2) shares of the sides large enough."""
    return (_NARROWEST / shares.amin(1)).clamp(min=least, max=1.0)


def framed(
    levels: Levels, source: Tensor, maps: Tensor, places: Rects, size: Size, *, lots: Lots
) -> Tensor:
    """Return what the maps show, set into these places of a larger picture.

    Around it is a colour, the picture itself blurred beyond recognition, or another picture of
    the batch.
    """
    front = sampled(levels, source, _set_into(maps, places), size)
    cover = covered(places, size)
    return front * cover + _behind(levels, source, maps, size, lots) * (1 - cover)


def pasted(pictures: Tensor, patches: Tensor, places: Rects) -> Tensor:
    """Lay (n, 4, h, w) RGBA patches over these places of the pictures."""
    size = (pictures.shape[2], pictures.shape[3])
    still = torch.eye(2, 3, device=pictures.device).repeat(len(pictures), 1, 1)
    seen = _seen(patches, _set_into(still, places), size)
    cover = covered(places, size) * seen[:, 3:]
    return pictures * (1 - cover) + seen[:, :3] * cover


def covered(places: Rects, size: Size) -> Tensor:
    """Return (n, 1, height, width): how much of each pixel, or cell, lies inside."""
    shares = []
    for axis, count in ((1, size[0]), (0, size[1])):
        at = (torch.arange(count, device=places.half.device) + 0.5) * (2 / count) - 1
        within = places.half[:, axis, None] - (at[None] - places.centre[:, axis, None]).abs()
        shares.append((within * (count / 2) + 0.5).clamp(0, 1))
    return (shares[0][:, :, None] * shares[1][:, None, :])[:, None]


def _behind(levels: Levels, source: Tensor, maps: Tensor, size: Size, lots: Lots) -> Tensor:
    n = len(maps)
    kind = lots.pick(n, _GROUNDS)
    colour = torch.rand(n, 3, 1, 1, generator=lots.generator, device=maps.device)
    plain = lots.chance(n, 0.6)[:, None, None, None]
    colour = torch.where(plain, colour.mean(1, keepdim=True).round(), colour)  # black or white
    ground = colour.repeat(1, 1, *size)
    if len(mine := (kind == _BLURRED).nonzero()[:, 0]):
        zoomed = maps[mine].clone()
        zoomed[:, :, :2] *= lots.between(len(mine), 0.3, 1.0)[:, None, None]
        light = lots.between(len(mine), 0.5, 1.0)[:, None, None, None]
        ground[mine] = _blurred(levels.coarser[-1][source[mine]], zoomed, size, lots) * light
    if len(mine := (kind == _STRANGE).nonzero()[:, 0]):
        other = source[mine.roll(1)]
        ground[mine] = sampled(levels, other, maps[mine], size)
    return ground


def _blurred(pictures: Tensor, maps: Tensor, size: Size, lots: Lots) -> Tensor:
    """Show the pictures so coarsely that only their colours are left."""
    coarse = functional.grid_sample(
        pictures,
        functional.affine_grid(maps.contiguous(), [len(maps), 3, 12, 12], align_corners=False),
        padding_mode="border",
        align_corners=False,
    )
    coarser = functional.avg_pool2d(coarse, 2)
    fine, rough = (
        functional.interpolate(each, size, mode="bilinear", align_corners=False)
        for each in (coarse, coarser)
    )
    return torch.where(lots.chance(len(maps), 0.5)[:, None, None, None], fine, rough)


def _seen(pictures: Tensor, maps: Tensor, size: Size) -> Tensor:
    grid = functional.affine_grid(
        maps.contiguous(), [len(maps), pictures.shape[1], *size], align_corners=False
    )
    return functional.grid_sample(pictures, grid, padding_mode="reflection", align_corners=False)


def _set_into(maps: Tensor, places: Rects) -> Tensor:
    """Make maps of a whole frame that show in one place of it what the given maps show."""
    linear = maps[:, :, :2] / places.half[:, None, :]
    moved = maps[:, :, 2] - (linear * places.centre[:, None, :]).sum(2)
    return torch.cat([linear, moved[:, :, None]], 2)
