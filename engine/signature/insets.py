"""Where in its frame a film is set into something else: a rectangle with a seam on all four sides.

A seam parts what has nothing to do with each other. Across it pixels differ more than across the
lines beside it, in most frames, whatever moves on either side; it is straight, and it ends at the
corners. An edge in a picture may do all of that on one side, or on two (a door, a horizon). Four of
them that meet are a film in a frame, in a window on a desktop, or in the corner of another film.
One from edge to edge is enough where a page lies beyond it, as above a film with a caption, or
where it goes through the middle and both sides move: a split screen.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

_LEAST_FRAMES = 6
_LEAST_PIXELS = 32  # of a side
_LEAST_SIDE = 0.4  # of the frame's: what is smaller is a part of the picture, and no film in it
_FLOOR = 3.0  # luma: less is no difference
_BESIDE = range(3, 8)  # columns off, with which a seam is compared
_MOST_STEEP = 2.0  # octaves: a line that is four times as steep as those beside it is a seam
_PERHAPS = 0.35  # octaves that a pixel of a seam is steeper, so that it speaks for one …
_LEAST_LINE = 0.12  # … and by so much more, over the whole side, is a line that may hold a seam
_LEAST_STEEP, _LEAST_SEEN = 0.8, 0.75  # octaves of the weakest side, and how much of it speaks …
_FAINT_STEEP, _FAINT_SEEN = 0.45, 0.6  # … around a film that is blown up behind itself
_BEYOND = 0.6  # of its own steepness that a seam may have where it goes on beyond the corners
_MOST_LINES = 12
_APART = 3  # columns; lines that are closer are one

_STILL = 3.0  # luma by which pixels differ from what they mostly are where nothing moves …
_NEARLY_ALL = 97  # … in so many of a hundred
# A page is made and not filmed: so much of it is of one shade, give or take so much luma, and so
# many of a hundred pixels move by less than the noise of a camera. A strip at an edge is none.
_PAGE, _SHADE = 0.6, 5
_PAGE_STILL, _NOISE = 85, 1.0
_LEAST_PAGE = 0.06  # of the frame
# A seam between halves: so near to the middle of a side, so steep, so much of it.
_MIDDLE, _HALF_STEEP, _HALF_SEEN = 0.012, 1.05, 0.8
_MOVES = 2.5  # luma that the usual pixel of a film moves
_MORE_SEAMS = 0.1  # octaves that a seam more counts
_SEAM = 2  # pixels to either side that a seam may touch
_BLOCK = 8  # pixels of a side, of which what is blurred shows the mean
_LEAST_BLOCKS = 8
_BLOWN_UP = 0.85  # the correlation of what lies around with the film at that size

How = Literal["alone", "within", "half"]


@dataclass(frozen=True, slots=True)
class Inset:
    """The rows and columns of a film that is set into something else.

    how  `alone`   what lies around stands still, or is the film blown up behind itself, or a page
                   with a line of text: no other film is shown
         `within`  another film is shown around it
         `half`    another film is shown in the other half of the frame
    """

    rows: slice
    columns: slice
    how: How


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """The upright lines of a picture that may be seams; the level ones are those of it turned.

    steep       (H, W): see `_steepness`
    columns     where the lines are
    sums, seen  (H + 1, W): what of each column is above a row: how steep, and how much speaks
    """

    steep: NDArray[np.float32]
    columns: tuple[int, ...]
    sums: NDArray[np.float32]
    seen: NDArray[np.intp]


def inset(pictures: NDArray[np.uint8]) -> Inset | None:
    """Return where a film is set into something else, None where none is.

    Args:
        pictures: (N, H, W) uint8 luma: some frames of a stretch that is shown in one place.
    """
    if len(pictures) < _LEAST_FRAMES or min(pictures.shape[1:]) < _LEAST_PIXELS:
        return None
    pixels = pictures.astype(np.float32)
    upright = _lines(_steepness(pixels[:, :, 2:] - pixels[:, :, :-2]))
    level = _lines(_steepness((pixels[:, 2:] - pixels[:, :-2]).swapaxes(1, 2)))
    framed = _rectangle(upright, level, _LEAST_STEEP, _LEAST_SEEN)
    if framed is not None:
        alone = _is_blown_up(pixels, *framed) or _stands_still(pixels, *framed)
        return Inset(*framed, "alone" if alone else "within")
    behind = _rectangle(upright, level, _FAINT_STEEP, _FAINT_SEEN)
    if behind is not None and _is_blown_up(pixels, *behind):
        return Inset(*behind, "alone")
    beside = _rectangle(upright, level, _LEAST_STEEP, _LEAST_SEEN, edges=True)
    if beside is not None and _is_a_page(pixels, *beside):
        return Inset(*beside, "alone")
    half = _half(upright.steep, level.steep)
    if half is not None and _both_move(pixels, *half):
        return Inset(*half, "half")
    return None


def _rectangle(
    upright: _Lines,
    level: _Lines,
    least_steep: float,
    least_seen: float,
    *,
    edges: bool = False,
) -> tuple[slice, slice] | None:
    """Return the rows and columns between the steepest seams; None where there are none so steep.

    With `edges` the edges of the frame pass for seams, but for one at least.
    """
    columns, rows = (_pairs(each, edges=edges) for each in (upright, level))
    if not len(columns) or not len(rows):
        return None
    by_rows, beyond_rows, seen_rows = _along(upright, columns, rows)
    by_columns, beyond_columns, seen_columns = (each.T for each in _along(level, rows, columns))
    steep, seen = np.minimum(by_rows, by_columns), np.minimum(seen_rows, seen_columns)
    allowed = (steep >= least_steep) & (seen >= least_seen)
    allowed &= np.maximum(beyond_rows, beyond_columns) <= 0
    if edges:
        height, width = upright.steep.shape
        seams = _seams(columns, width)[:, None] + _seams(rows, height)[None]
        allowed &= seams > 0
        steep = steep + _MORE_SEAMS * seams
    if not allowed.any():
        return None
    best = np.unravel_index(int(np.where(allowed, steep, 0.0).argmax()), steep.shape)
    (left, right), (top, bottom) = columns[best[0]].tolist(), rows[best[1]].tolist()
    return slice(top, bottom), slice(left, right)


def _seams(pairs: NDArray[np.intp], side: int) -> NDArray[np.intp]:
    """Return (P,): how many of each pair of lines are no edge of the frame."""
    count: NDArray[np.intp] = ((pairs > 0) & (pairs < side)).sum(axis=1)
    return count


def _steepness(changes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (H, W): by how many octaves each pixel parts its row more than those beside it do.

    `changes` is (N, H, W - 2), how much each pixel but the outer ones differs from side to side.
    """
    steep = np.sqrt(np.einsum("nyx,nyx->yx", changes, changes) / len(changes))
    width = steep.shape[1]
    reach = _BESIDE.stop - 1
    padded = np.pad(steep, ((0, 0), (reach, reach)), mode="edge")
    middle = len(_BESIDE) // 2
    sides = [
        np.partition(
            np.stack([padded[:, reach + way * off :][:, :width] for off in _BESIDE]), middle, axis=0
        )[middle]
        for way in (-1, 1)
    ]
    octaves = np.log2((steep + _FLOOR) / (np.maximum(*sides) + _FLOOR)).clip(0.0, _MOST_STEEP)
    found: NDArray[np.float32] = np.pad(octaves, ((0, 0), (1, 1)))
    return found


def _lines(steep: NDArray[np.float32]) -> _Lines:
    """Return the lines of a picture of which each pixel is so steep."""
    # The longest run of a column that speaks for a seam (Kadane's maximal subarray).
    run = best = np.zeros(steep.shape[1], dtype=np.float32)
    for row in steep - _PERHAPS:
        run = np.maximum(0.0, run + row)
        best = np.maximum(best, run)
    columns: list[int] = []
    for column in np.argsort(-best, kind="stable").tolist():
        if best[column] < _LEAST_LINE * len(steep) or len(columns) == _MOST_LINES:
            break
        if all(abs(column - other) >= _APART for other in columns):
            columns.append(column)
    # A seam that lies between two pixels is seen in either.
    wide = np.maximum(steep, np.maximum(np.roll(steep, 1, axis=1), np.roll(steep, -1, axis=1)))
    sums = np.pad(wide.cumsum(axis=0), ((1, 0), (0, 0)))
    seen = np.pad((wide > _PERHAPS).cumsum(axis=0), ((1, 0), (0, 0)))
    return _Lines(steep, tuple(columns), sums, seen)


def _pairs(lines: _Lines, *, edges: bool) -> NDArray[np.intp]:
    """Return (P, 2): the columns between which a film may lie; the edges are 0 and W."""
    side = lines.steep.shape[1]
    columns = lines.columns
    if edges:
        columns = (0, *(line for line in columns if _APART <= line <= side - _APART), side)
    first, second = np.triu_indices(len(columns), 1)
    ordered = np.array(sorted(columns), dtype=np.intp)
    pairs = np.stack([ordered[first], ordered[second]], axis=1)
    wide: NDArray[np.intp] = pairs[pairs[:, 1] - pairs[:, 0] >= _LEAST_SIDE * side]
    return wide


def _along(
    lines: _Lines, columns: NDArray[np.intp], rows: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return, each (P, Q), what is true of the weaker of two columns between two rows.

    How steep it is; how much steeper than it may be it is beyond them; how much of it speaks.
    """
    height, width = lines.steep.shape
    sums, seen = lines.sums, lines.seen
    top, bottom = rows[None, :, 0], rows[None, :, 1]
    length = bottom - top
    results = []
    for side in (0, 1):
        column = np.minimum(columns[:, side, None], width - 1)
        edge = (columns[:, side, None] % width) == 0
        inside = sums[bottom, column] - sums[top, column]
        outside = (sums[height, column] - inside) / np.maximum(height - length, 1)
        mean = inside / length
        shown = (seen[bottom, column] - seen[top, column]) / length
        over = outside - _BEYOND * mean
        results.append([
            np.where(edge, at_an_edge, each)
            for at_an_edge, each in ((_MOST_STEEP, mean), (0.0, over), (1.0, shown))
        ])  # fmt: skip
    (mean, over, shown), (mean_2, over_2, shown_2) = results
    return np.minimum(mean, mean_2), np.maximum(over, over_2), np.minimum(shown, shown_2)


def _stands_still(pixels: NDArray[np.float32], rows: slice, columns: slice) -> bool:
    """Say whether nothing moves around a film."""
    moved = _moved(pixels)[_around(pixels, rows, columns)]
    return bool(np.percentile(moved, _NEARLY_ALL) <= _STILL)


def _is_a_page(pixels: NDArray[np.float32], rows: slice, columns: slice) -> bool:
    """Say whether what lies beside a film is of one shade and stands still, but for some text."""
    beside = _around(pixels, rows, columns)
    if beside.mean() < _LEAST_PAGE:
        return False
    shades = np.bincount(np.median(pixels, axis=0)[beside].astype(np.intp), minlength=256)
    alike = np.convolve(shades, np.ones(2 * _SHADE + 1), mode="same").max()
    blank = bool(alike >= _PAGE * beside.sum())
    return blank and bool(np.percentile(_moved(pixels)[beside], _PAGE_STILL) <= _NOISE)


def _half(upright: NDArray[np.float32], level: NDArray[np.float32]) -> tuple[slice, slice] | None:
    """Return the rows and columns of the half before a seam through the middle of the frame."""
    height, width = upright.shape
    for steep, side, whole in (
        (upright, width, slice(0, height)),
        (level, height, slice(0, width)),
    ):
        near = np.flatnonzero(np.abs(np.arange(side) / side - 0.5) <= _MIDDLE)
        means, seen = steep.mean(axis=0)[near], (steep > _PERHAPS).mean(axis=0)[near]
        clear = (means >= _HALF_STEEP) & (seen >= _HALF_SEEN)
        if clear.any():
            before = slice(0, int(near[np.where(clear, means, 0.0).argmax()]))
            return (whole, before) if steep is upright else (before, whole)
    return None


def _both_move(pixels: NDArray[np.float32], rows: slice, columns: slice) -> bool:
    """Say whether a film moves, and what lies beside it does too."""
    beside, moved = _around(pixels, rows, columns), _moved(pixels)
    return bool(min(np.median(moved[beside]), np.median(moved[~beside])) >= _MOVES)


def _is_blown_up(pixels: NDArray[np.float32], rows: slice, columns: slice) -> bool:
    """Say whether what lies around a film is the film itself, as large as the frame."""
    height, width = pixels.shape[1:]
    y = np.linspace(rows.start, rows.stop - 1, height).round().astype(np.intp)
    x = np.linspace(columns.start, columns.stop - 1, width).round().astype(np.intp)
    around = _coarse(_around(pixels, rows, columns)[None].astype(np.float32))[0] == 1.0
    if around.sum() < _LEAST_BLOCKS:
        return False
    behind, film = _coarse(pixels)[:, around], _coarse(pixels[:, y][:, :, x])[:, around]
    spread = float(behind.std() * film.std())
    alike = float(((behind - behind.mean()) * (film - film.mean())).mean())
    return alike >= _BLOWN_UP * max(spread, _FLOOR)


def _moved(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (H, W): by how much luma each pixel differs from what it mostly is."""
    moved: NDArray[np.float32] = np.abs(pixels - np.median(pixels, axis=0)).mean(axis=0)
    return moved


def _around(pixels: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[np.bool_]:
    """Return (H, W): what is not of the film, nor of its seams."""
    around = np.ones(pixels.shape[1:], dtype=bool)
    around[_wider(rows), _wider(columns)] = False
    return around


def _wider(side: slice) -> slice:
    """Return a side with what a seam between two pixels may touch."""
    return slice(max(0, side.start - _SEAM), side.stop + _SEAM)


def _coarse(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (N, H // B, W // B): the means of blocks."""
    count, height, width = pixels.shape
    high, wide = height // _BLOCK, width // _BLOCK
    cut = pixels[:, : high * _BLOCK, : wide * _BLOCK]
    means: NDArray[np.float32] = cut.reshape(count, high, _BLOCK, wide, _BLOCK).mean(axis=(2, 4))
    return means
