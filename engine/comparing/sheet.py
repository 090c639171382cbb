"""The contact sheet: a column a file, a row an instant, differing frames in a red frame.

No file name is drawn: a name is a stranger's words, and a model would read them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

MOST_BYTES = 200_000
_WIDEST, _TALLEST = 1280, 1800  # pixels of the whole: what a model is shown without shrinking it
_GAP, _HEAD, _LABEL, _FRAME = 8, 44, 18, 4
_PAPER, _INK, _SOFT, _RED, _KEPT = "#ffffff", "#1c1c1e", "#6b6b70", "#d70015", "#1a7f37"
_QUALITIES = (88, 80, 70, 60, 45, 30)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One picture, (H, W, 3) uint8 RGB, with the words below it."""

    picture: NDArray[np.uint8]
    label: str
    differs: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One file: two lines above, and a cell a row, None where it has no picture of it."""

    title: str
    facts: str
    cells: tuple[Cell | None, ...]
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """A JPEG and its size in pixels."""

    jpeg: bytes
    width: int
    height: int


def draw(columns: Sequence[Column]) -> Drawn:
    """Return the sheet as a JPEG of at most `MOST_BYTES`.

    Args:
        columns: At least one, all with the same number of rows.
    """
    rows = len(columns[0].cells)
    wide = min(320, (_WIDEST - _GAP * (len(columns) + 1)) // len(columns))
    heights = [_height(columns, row, wide) for row in range(rows)]
    spare = _TALLEST - _HEAD - rows * (_LABEL + _GAP) - _GAP
    if sum(heights) > spare:
        wide = max(64, int(wide * spare / sum(heights)))
        heights = [_height(columns, row, wide) for row in range(rows)]
    tall = _HEAD + sum(heights) + rows * (_LABEL + _GAP) + _GAP
    image = Image.new("RGB", (_GAP + len(columns) * (wide + _GAP), tall), _PAPER)
    for number, column in enumerate(columns):
        _column(image, column, heights, _GAP + number * (wide + _GAP), wide)
    return _small_enough(image)


def _height(columns: Sequence[Column], row: int, wide: int) -> int:
    cells = [column.cells[row] for column in columns]
    shapes = [cell.picture.shape for cell in cells if cell is not None]
    return max((min(round(wide * h / w), wide) for h, w, _ in shapes), default=wide // 2)


def _column(image: Image.Image, column: Column, heights: list[int], left: int, wide: int) -> None:
    pen = ImageDraw.Draw(image)
    ink = _KEPT if column.kept else _INK
    _write(pen, (left, 6), column.title, size=15, ink=ink, room=wide)
    _write(pen, (left, 25), column.facts, size=12, ink=_SOFT, room=wide)
    top = _HEAD
    for cell, tall in zip(column.cells, heights, strict=True):
        if cell is None:
            pen.rectangle((left, top, left + wide - 1, top + tall - 1), fill="#f0f0f2")
            at = (left + 8, top + tall // 2 - 8)
            _write(pen, at, "not in this file", size=12, ink=_SOFT, room=wide - 8)
        else:
            _picture(image, pen, cell, (left, top), (wide, tall))
            ink = _RED if cell.differs else _INK
            _write(pen, (left, top + tall + 1), cell.label, size=12, ink=ink, room=wide)
        top += tall + _LABEL + _GAP


def _picture(
    image: Image.Image,
    pen: ImageDraw.ImageDraw,
    cell: Cell,
    place: tuple[int, int],
    box: tuple[int, int],
) -> None:
    (left, top), (wide, tall) = place, box
    height, width = cell.picture.shape[:2]
    scale = min(wide / width, tall / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    fitted = Image.fromarray(cell.picture).resize(size, Image.Resampling.LANCZOS)
    pen.rectangle((left, top, left + wide - 1, top + tall - 1), fill="#e4e4e7")
    image.paste(fitted, (left + (wide - size[0]) // 2, top + (tall - size[1]) // 2))
    if cell.differs:
        pen.rectangle((left, top, left + wide - 1, top + tall - 1), outline=_RED, width=_FRAME)


def _write(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], words: str, *, size: int, ink: str, room: int
) -> None:
    font = ImageFont.load_default(size)
    while words and pen.textlength(words, font=font) > room:
        words = words[:-1]
    pen.text(place, words, fill=ink, font=font)


def _small_enough(image: Image.Image) -> Drawn:
    while True:
        for quality in _QUALITIES:
            out = BytesIO()
            image.save(out, "JPEG", quality=quality, optimize=True)
            if out.tell() <= MOST_BYTES:
                return Drawn(out.getvalue(), *image.size)
        image = image.resize((image.width * 3 // 4, image.height * 3 // 4))
