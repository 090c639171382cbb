"""Pictures to train on that nobody took: drawn out of a seed, so that they may be given away.

Half of them are "dead leaves" (shapes of every size that hide one another), the simplest drawings
whose statistics are those of photographs.

Source: M. Baradad et al., Learning to See by Looking at Noise, NeurIPS 2021.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from autodedup.engine.footage.grounds import collage, colour, font, ground, word
from autodedup.engine.footage.scenes import SceneKind, render_shot

Picture = NDArray[np.uint8]  # (side, side, 3), RGB
_MOVING: tuple[SceneKind, ...] = ("pan", "sprites", "talk", "card")


def draw(seed: tuple[int, ...], side: int) -> Picture:
    """Return the (side, side, 3) uint8 RGB picture of this seed."""
    rng = np.random.default_rng(seed)
    kinds, weights = zip(*_KINDS, strict=True)
    drawn = kinds[int(rng.choice(len(kinds), p=weights))](rng, side)
    return _developed(rng, drawn)


def marks(seed: int, count: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return lines of text as they are laid over films: (count, height, width, 4) RGBA."""
    rng = np.random.default_rng(seed)
    return np.stack([_mark(rng, size) for _ in range(count)])


def _mark(rng: np.random.Generator, size: tuple[int, int]) -> NDArray[np.uint8]:
    width, height = size
    sheet = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(sheet)
    if rng.random() < 0.25:  # noqa: PLR2004  # a band behind the letters
        pen.rectangle((0, 0, width, height), fill=(*colour(rng), int(rng.integers(90, 256))))
    lines = int(rng.integers(1, 3))
    ink = (255, 255, 255) if rng.random() < 0.6 else colour(rng)  # noqa: PLR2004  # mostly white
    letters = font(height / lines * 0.75)
    for line in range(lines):
        text = " ".join(word(rng) for _ in range(int(rng.integers(1, 6))))
        place = (rng.uniform(0, 0.3) * width, line * height / lines)
        pen.text(place, text, fill=(*ink, 255), font=letters, stroke_width=1, stroke_fill=(0, 0, 0))
    return np.asarray(sheet)


def _leaves(rng: np.random.Generator, side: int) -> Picture:
    """Shapes whose sizes follow a power law, each hiding what lies under it."""
    sheet = Image.fromarray(ground(rng, (side, side)))
    stuffs = [Image.fromarray(ground(rng, (side, side))) for _ in range(3)]
    smallest, largest = rng.uniform(0.01, 0.03), rng.uniform(0.2, 0.5)
    count = int(rng.integers(20, 220))
    for _ in range(count):
        share = rng.random()
        radius = side / ((1 - share) / smallest**2 + share / largest**2) ** 0.5
        if radius < 1:
            continue
        mask = _shape(rng, radius)
        fill = colour(rng) if rng.random() < 0.55 else None  # noqa: PLR2004  # the others: a stuff
        x, y = (int(at) for at in rng.uniform(-radius, side, 2))
        if fill is not None:
            sheet.paste(fill, (x, y), mask)
        else:
            left, top = (int(at) for at in rng.uniform(0, max(1, side - mask.width), 2))
            box = (left, top, left + mask.width, top + mask.height)
            sheet.paste(stuffs[int(rng.integers(3))].crop(box), (x, y), mask)
    return np.asarray(sheet)


def _shape(rng: np.random.Generator, radius: float) -> Image.Image:
    """Return a mask: a disc, a leaf or a shape with corners, sometimes lit from one side."""
    across = max(2, int(2 * radius))
    mask = Image.new("L", (across, across), 0)
    pen = ImageDraw.Draw(mask)
    kind = int(rng.integers(4))
    strength = int(rng.integers(150, 256))
    if kind == 0:
        pen.ellipse((0, 0, across - 1, across - 1), fill=strength)
    elif kind == 1:
        thin = rng.uniform(0.25, 0.8) * across / 2
        pen.ellipse((0, across / 2 - thin, across, across / 2 + thin), fill=strength)
        mask = mask.rotate(rng.uniform(0, 180), Image.Resampling.BILINEAR)
    else:
        corners = int(rng.integers(3, 9))
        turn = np.sort(rng.uniform(0, 2 * np.pi, corners))
        reach = rng.uniform(0.4, 1.0, corners) * across / 2
        places = np.stack([np.cos(turn), np.sin(turn)], axis=1) * reach[:, None] + across / 2
        pen.polygon([(float(x), float(y)) for x, y in places], fill=strength)
    return mask


def _blend(rng: np.random.Generator, side: int) -> Picture:
    """Two grounds, one showing through the other where a third is bright."""
    first, second, where = (ground(rng, (side, side)).astype(np.float32) for _ in range(3))
    share = (where.mean(axis=2, keepdims=True) / 255) ** rng.uniform(0.5, 2)
    blended: Picture = (first * share + second * (1 - share)).astype(np.uint8)
    return blended


def _page(rng: np.random.Generator, side: int) -> Picture:
    """Lines of words, large and small, on a page or over a picture."""
    calm = rng.random() < 0.5  # noqa: PLR2004  # half the pages are plain
    sheet = Image.new("RGB", (side, side), colour(rng))
    if not calm:
        sheet = Image.fromarray(ground(rng, (side, side)))
    pen, y = ImageDraw.Draw(sheet), float(rng.uniform(0, side / 6))
    while y < side:
        height = float(side * rng.choice([0.04, 0.06, 0.1, 0.2], p=[0.4, 0.3, 0.2, 0.1]))
        text = " ".join(word(rng) for _ in range(int(rng.integers(1, 7))))
        pen.text((rng.uniform(-0.1, 0.4) * side, y), text, fill=colour(rng), font=font(height))
        y += height * rng.uniform(1.1, 2.5)
    return np.asarray(sheet)


def _moment(rng: np.random.Generator, side: int) -> Picture:
    """One instant of a shot of the footage generator."""
    kind = _MOVING[int(rng.integers(len(_MOVING)))]
    instant = np.array([rng.uniform(1.5, 3.5)])
    seed = tuple(int(part) for part in rng.integers(0, 2**31, 2))
    moment: Picture = render_shot(kind, seed, (side, side), instant)[0]
    return moment


def _collage(rng: np.random.Generator, side: int) -> Picture:
    return collage(rng, (side, side))


def _developed(rng: np.random.Generator, picture: Picture) -> Picture:
    """Give the drawing a light, a softness and a cast of its own."""
    sheet = Image.fromarray(picture)
    if rng.random() < 0.5:  # noqa: PLR2004  # half of them
        sheet = sheet.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 2.0))))
    light = np.asarray(sheet, dtype=np.float32) / 255
    # Light that falls from one side, as in a room or a landscape.
    slope = np.linspace(-1, 1, len(light), dtype=np.float32)
    x, y = rng.uniform(-0.3, 0.3, 2)
    light = light * (1 + x * slope[None, :, None] + y * slope[:, None, None])
    light = np.clip(light * rng.uniform(0.8, 1.1, 3), 0, 1) ** rng.uniform(0.7, 1.5)
    developed: Picture = (light * 255).astype(np.uint8)
    return developed


_KINDS: tuple[tuple[Callable[[np.random.Generator, int], Picture], float], ...] = (
    (_leaves, 0.5),
    (_collage, 0.15),
    (_blend, 0.1),
    (_page, 0.08),
    (_moment, 0.17),
)
