"""Where in its frame a film is shown: the bars and borders around it, stretch by stretch.

A bar is blank (one shade throughout, dark or not), stays where it is while its stretch lasts,
faces another on the opposite side and ends at a sharp edge. A dark corner, a vignette or a white
page is none: cut away, it would be cut elsewhere in the next encode. An advert before a
letterboxed film has bars of its own, or none, so a film is first cut into stretches.

Blurred side bars are a picture blown up behind itself: soft parts on both sides of a sharp one,
with a seam between. What is set into a frame, with something still or itself around it, lies
between bars of another kind (`engine.signature.insets`).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.signature.insets import Inset, inset

_SHADE = 10  # luma by which a bar's rows may differ from its shade
_SPECKS = 0.03  # of a row that may be otherwise: a compression fault, a few subpixels
_LEAST_BAR = 0.015  # of the side
_LEAST_LEFT = 0.2  # of the side: what remains smaller is no picture between bars
_LEAST_SPAN = 0.3  # of the other side: a picture is taller than a line of text
_LOPSIDED = 2.5  # times that one bar may be as wide as the one it faces
_STEADY = 0.013  # of the side: bars that end this close to each other end at one place
_STEADY_SHARE = 0.4  # of the frames of a stretch that must end their bars at one place
_LEAST_FRAMES, _LEAST_SECONDS = 6, 2.0  # of a stretch with bars of its own
_EDGE_ROWS = 3  # within which a picture begins where its bar ends
_EDGE_SHARE = 0.5  # of the picture's width that must stand out there
_EDGE_LEAST, _EDGE_CONTRAST = 12.0, 0.35  # by so much luma, or of what the picture usually does
_FRAMES_ASKED = 16  # of a stretch, when it is looked at closely

_SOFT = 0.4  # of the detail of the sharp part may be in the soft parts
_SEAM = 4.0  # times as steep as other columns must a seam be
_LEAST_DETAIL = 2.0  # luma from row to row in the sharp part
_LEAST_ROWS = 8  # that soft and sharp can be told apart in
_NARROWEST, _WIDEST = 0.2, 0.92  # share of the side that a sharp part takes


@dataclass(frozen=True, slots=True)
class Stretch:
    """Frames `first` up to, not including, `past`, and the rows and columns of their picture.

    `inset`: where in the frame a film is beside another one, if one is.
    """

    first: int
    past: int
    rows: slice
    columns: slice
    inset: Inset | None = None


@dataclass(frozen=True, slots=True)
class _Run:
    """Frames `first` up to `past` whose bars, on two facing sides, are so many rows wide."""

    first: int
    past: int
    before: int
    after: int


def stretches(pictures: NDArray[np.uint8], times: NDArray[np.float64]) -> list[Stretch]:
    """Return the stretches of a film that are shown in one place each, in order, without gaps.

    Args:
        pictures: (N, H, W) uint8 luma.
        times: (N,) seconds, rising.
    """
    # Every second pixel of a row says what its bar is like.
    tall = _runs(pictures[:, :, ::2], times)
    wide = _runs(pictures[:, ::2].swapaxes(1, 2), times)
    edges = sorted({0, len(pictures), *(e for run in tall + wide for e in (run.first, run.past))})
    found = []
    for first, past in itertools.pairwise(edges):
        rows = _left_by(tall, first, pictures.shape[1])
        columns = _left_by(wide, first, pictures.shape[2])
        some = _some(first, past)
        if (beside := inset(pictures[some, rows, columns])) is not None:
            at = _within(rows, beside.rows), _within(columns, beside.columns)
            beside = Inset(*at, beside.how)
        if beside is not None and beside.how == "alone":
            rows, columns, beside = beside.rows, beside.columns, None
        part = pictures[some, rows, columns]
        if (sharp := _sharp_part(part)) is not None:
            columns = _within(columns, sharp)
        elif (sharp := _sharp_part(part.swapaxes(1, 2))) is not None:
            rows = _within(rows, sharp)
        found.append(Stretch(first, past, rows, columns, beside))
    return found


def shown_share(parts: Sequence[Stretch], height: int, width: int) -> float:
    """Return how much of the frame its picture takes, 0 … 1, in the middle one of the frames."""
    return _usual(parts, [_area(part.rows, part.columns) / (height * width) for part in parts])


def inset_share(parts: Sequence[Stretch], height: int, width: int) -> float:
    """Return how much of the frame a film takes that is beside another, in the middle frame."""
    areas = [
        0 if part.inset is None else _area(part.inset.rows, part.inset.columns) for part in parts
    ]
    return _usual(parts, [area / (height * width) for area in areas])


def _usual(parts: Sequence[Stretch], shares: list[float]) -> float:
    return float(np.median(np.repeat(shares, [part.past - part.first for part in parts])))


def _area(rows: slice, columns: slice) -> int:
    return int((rows.stop - rows.start) * (columns.stop - columns.start))


def _within(side: slice, part: slice) -> slice:
    """Return a part of a side, counted from where the frame begins."""
    return slice(side.start + part.start, side.start + part.stop)


def _some(first: int, past: int) -> NDArray[np.intp]:
    """Return the places of some frames of a stretch, evenly spread."""
    count = min(past - first, _FRAMES_ASKED)
    return np.linspace(first, past - 1, count).round().astype(np.intp)


def _left_by(runs: list[_Run], frame: int, length: int) -> slice:
    """Return what the bars at a frame leave of a side."""
    for run in runs:
        if run.first <= frame < run.past:
            return slice(run.before, length - run.after)
    return slice(0, length)


def _runs(pictures: NDArray[np.uint8], times: NDArray[np.float64]) -> list[_Run]:
    """Return the stretches that have bars above and below."""
    length = pictures.shape[1]
    above, below = _blank_rows(pictures), _blank_rows(pictures[:, ::-1])
    narrower = np.minimum(above, below)
    steady = max(1.0, _STEADY * length)
    free = np.ones(len(pictures), dtype=bool)
    found: list[_Run] = []
    # A bar's width is one that many frames share. A frame that is black has none of its own.
    shown = narrower < (1 - _LEAST_LEFT) / 2 * length
    widths, counts = np.unique(narrower[shown], return_counts=True)
    wide_enough = widths >= max(2.0, _LEAST_BAR * length)
    for width in widths[wide_enough][np.argsort(-counts[wide_enough], kind="stable")]:
        ends_here = shown & (np.abs(narrower - width) <= steady)
        for first, past in _spans(free & (narrower >= width - steady)):
            run = _run(pictures, (above, below), ends_here, first, past)
            lasting = past - first == len(pictures) or (
                past - first >= _LEAST_FRAMES and times[past - 1] - times[first] >= _LEAST_SECONDS
            )
            mine = ends_here[first:past].sum()
            if run and lasting and mine >= _STEADY_SHARE * shown[first:past].sum():
                found.append(run)
                free[first:past] = False
    return found


def _run(
    pictures: NDArray[np.uint8],
    blank: tuple[NDArray[np.intp], NDArray[np.intp]],
    ends_here: NDArray[np.bool_],
    first: int,
    past: int,
) -> _Run | None:
    """Return the bars of some frames, if they face each other and end sharply."""
    mine = first + np.flatnonzero(ends_here[first:past])
    if not len(mine):
        return None
    before, after = (int(np.median(side[mine])) for side in blank)
    length = pictures.shape[1]
    if max(before, after) > _LOPSIDED * min(before, after) + 2:
        return None
    if length - before - after < _LEAST_LEFT * length:
        return None
    asked = pictures[mine[_some(0, len(mine))]]
    inner = slice(before, length - after)
    sharp = all(
        _ends_sharply(view, width, inner if view is asked else slice(after, length - before))
        for view, width in ((asked, before), (asked[:, ::-1], after))
    )
    return _Run(first, past, before, after) if sharp else None


def _ends_sharply(pictures: NDArray[np.uint8], width: int, inner: slice) -> bool:
    """Say whether the picture begins at once where the bar above it ends."""
    off = _off_shade(pictures)
    ever_lit: NDArray[np.int16] = off.max(axis=0)
    columns = np.flatnonzero(np.mean(ever_lit[inner] > _SHADE, axis=0) > _SPECKS)
    if not len(columns) or columns[-1] - columns[0] < _LEAST_SPAN * off.shape[2]:
        return False
    # Lines of text on black begin raggedly: no row of theirs is lit from one end to the other.
    edge = off[:, width : width + _EDGE_ROWS, columns[0] : columns[-1] + 1]
    usual = np.median(off[:, inner], axis=(1, 2))
    lit = edge >= np.maximum(_EDGE_LEAST, _EDGE_CONTRAST * usual)[:, None, None]
    return float(np.percentile(lit.mean(axis=2).max(axis=1), 75)) >= _EDGE_SHARE


def _blank_rows(pictures: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return (N,) how many rows from the first on are all of one shade."""
    busy = (_off_shade(pictures) > _SHADE).mean(axis=2) > np.array([_SPECKS])
    first: NDArray[np.intp] = busy.argmax(axis=1)
    return np.where(busy.any(axis=1), first, pictures.shape[1])


def _off_shade(pictures: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Return (N, H, W): how far each pixel is from the shade that the first row mostly has."""
    shade = np.median(pictures[:, 0], axis=1).astype(np.int16)[:, None, None]
    off: NDArray[np.int16] = np.abs(pictures.astype(np.int16) - shade)
    return off


def _spans(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, past) of the runs of True."""
    steps = np.flatnonzero(np.diff(mask.astype(np.int8), prepend=0, append=0))
    return [(int(first), int(past)) for first, past in steps.reshape(-1, 2)]


def _sharp_part(pictures: NDArray[np.uint8]) -> slice | None:
    """Return the columns between soft bars, None where there are no such bars."""
    if pictures.shape[1] < _LEAST_ROWS:
        return None
    pixels = pictures.astype(np.int16)
    width = pixels.shape[2]
    detail = np.abs(np.diff(pixels, n=2, axis=1)).mean(axis=(0, 1))  # a slope has none
    steep = np.abs(np.diff(pixels, axis=2)).mean(axis=(0, 1))  # [c]: from column c to c + 1
    least = _SEAM * max(float(np.median(steep)), 1.0)
    steepness: list[float] = steep.tolist()
    best: tuple[float, slice] | None = None
    for left in range(int((1 - _WIDEST) / 2 * width), int((1 - _NARROWEST) / 2 * width) + 1):
        for right in (width - left - 1, width - left, width - left + 1):
            if left < 2 or right > width - 2:  # noqa: PLR2004
                continue
            seam = min(steepness[left - 1], steepness[right - 1])
            if seam < least or (best is not None and seam <= best[0]):
                continue
            inside = float(detail[left:right].mean())
            outside = float(max(detail[:left].mean(), detail[right:].mean()))
            if inside >= _LEAST_DETAIL and outside <= _SOFT * inside:
                best = (seam, slice(left, right))
    return None if best is None else best[1]
