"""Still pictures out of a seed: the grounds that shots move over, and pictures to train on.

Every picture is drawn by arithmetic of ours, so that it may be given away. A picture asks its
generator for the same numbers whatever its size: one seed is one picture at any resolution.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Picture = NDArray[np.uint8]  # (height, width, 3), RGB
Size = tuple[int, int]  # width, height in pixels
GroundKind = Literal["gradient", "clouds", "fractal", "waves", "tiles"]

WORDS = (
    "harbour", "lantern", "meadow", "copper", "winter", "orchard", "signal", "marble", "thunder",
    "violet", "canyon", "paper", "island", "engine", "garden", "mirror", "planet", "silver",
    "bridge", "forest", "market", "window", "summer", "compass", "feather", "station", "ribbon",
)  # fmt: skip


_ESCAPED = 4.0  # a point this far from the origin never comes back under z² + c


def ground(rng: np.random.Generator, size: Size, kind: GroundKind | None = None) -> Picture:
    """Return one picture of `kind`, or of a kind the generator picks."""
    chosen = kind or tuple(_FIELDS)[int(rng.integers(len(_FIELDS)))]
    if chosen == "tiles":
        return _tiles(rng, size)
    return _coloured(rng, _FIELDS[chosen](rng, size))


def collage(rng: np.random.Generator, size: Size) -> Picture:
    """Return a ground with pieces of other grounds, shapes and words laid over it."""
    width, height = size
    sheet = Image.fromarray(ground(rng, size))
    pen = ImageDraw.Draw(sheet)
    for _ in range(int(rng.integers(7, 12))):
        x, y = rng.uniform(-0.05, 0.85, 2)
        wide, tall = rng.uniform(0.1, 0.34, 2)
        left, top = int(x * width), int(y * height)
        extent = (max(8, int(wide * width)), max(8, int(tall * height)))
        box = (left, top, left + extent[0], top + extent[1])
        shape = rng.integers(4)
        if shape == 0:
            sheet.paste(Image.fromarray(ground(rng, extent)), box[:2])
        elif shape == 1:
            pen.ellipse(box, fill=colour(rng), outline=colour(rng), width=max(1, height // 90))
        elif shape == 2:  # noqa: PLR2004  # the third of four shapes
            corners = rng.random((int(rng.integers(3, 7)), 2)) * extent + box[:2]
            pen.polygon([(float(a), float(b)) for a, b in corners], fill=colour(rng))
        else:
            pen.text(box[:2], word(rng), fill=colour(rng), font=font(height * tall * 0.5))
    return np.asarray(sheet)


def colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Return a random colour."""
    red, green, blue = rng.integers(0, 256, 3)
    return int(red), int(green), int(blue)


def word(rng: np.random.Generator) -> str:
    """Return a random word."""
    return WORDS[int(rng.integers(len(WORDS)))]


def font(pixels: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at this height, so that no system font is needed."""
    return ImageFont.load_default(size=max(6, int(pixels)))


def _coloured(rng: np.random.Generator, field: NDArray[np.float64]) -> Picture:
    """Map a field of values to a palette of five colours that runs from dark to bright."""
    low, high = field.min(), field.max()
    scaled = (field - low) / (high - low or 1.0)
    stops = np.linspace(0, 1, 5)
    palette = rng.uniform(-70, 70, (5, 3)) + np.linspace(40, 215, 5)[rng.permutation(5), None]
    channels = [np.interp(scaled, stops, palette[:, channel]) for channel in range(3)]
    picture: Picture = np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)
    return picture


def _plane(size: Size) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x in -a..a (a: aspect ratio) as a row and y in -1..1 as a column."""
    width, height = size
    aspect = width / height
    return np.linspace(-aspect, aspect, width)[None, :], np.linspace(-1, 1, height)[:, None]


def _gradient(rng: np.random.Generator, size: Size) -> NDArray[np.float64]:
    x, y = _plane(size)
    angle, bend = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.8)
    along = x * np.cos(angle) + y * np.sin(angle)
    across = y * np.cos(angle) - x * np.sin(angle)
    field: NDArray[np.float64] = along + bend * across**2
    return field


def _clouds(rng: np.random.Generator, size: Size) -> NDArray[np.float64]:
    """Sum octaves of value noise, each half as strong as the one before."""
    total = np.zeros((size[1], size[0]))
    for octave in range(5):
        cells = 3 * 2**octave
        grid = Image.fromarray(rng.random((cells, cells * 2), dtype=np.float32))
        total += np.asarray(grid.resize(size, Image.Resampling.BICUBIC)) / 2**octave
    return total


def _fractal(rng: np.random.Generator, size: Size) -> NDArray[np.float64]:
    """Return a Julia set, shaded by how long and how far each point stays (at half size)."""
    x, y = _plane((max(2, size[0] // 2), max(2, size[1] // 2)))
    z = (x + 1j * y) * rng.uniform(0.5, 1.0) + complex(*rng.uniform(-0.3, 0.3, 2))
    constant = 0.7885 * np.exp(1j * rng.uniform(0, 2 * np.pi))
    shade = np.zeros(z.shape)
    for _ in range(28):
        z = z * z + constant
        length = np.abs(z)
        z[length > _ESCAPED] = _ESCAPED  # far points stay put instead of overflowing
        shade += np.exp(-length)
    image = Image.fromarray(shade.astype(np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)


def _waves(rng: np.random.Generator, size: Size) -> NDArray[np.float64]:
    x, y = _plane(size)
    total = np.zeros((size[1], size[0]))
    for _ in range(4):
        angle, pitch, phase = rng.uniform(0, np.pi), rng.uniform(3, 14), rng.uniform(0, 6)
        total += np.tanh(2 * np.sin(pitch * (x * np.cos(angle) + y * np.sin(angle)) + phase))
    return total


def _tiles(rng: np.random.Generator, size: Size) -> Picture:
    rows, columns = int(rng.integers(3, 9)), int(rng.integers(4, 14))
    mosaic = Image.fromarray(rng.integers(0, 256, (rows, columns, 3), dtype=np.uint8))
    return np.asarray(mosaic.resize(size, Image.Resampling.NEAREST))


_FIELDS: dict[GroundKind, Callable[[np.random.Generator, Size], NDArray[np.float64]]] = {
    "gradient": _gradient,
    "clouds": _clouds,
    "fractal": _fractal,
    "waves": _waves,
}
