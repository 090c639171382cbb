"""Does a film that moves by itself lie over one of two films that are whole beside whole?

Windows over which nothing lies are as close, and move as much alike, as those of copies. Windows
that something covers lie further apart and move differently. An edit of the whole picture does the
same to all windows, and where a logo or a line of text stands, most of what moves moves alike. The
limits are read off real films with others laid over them, of all sizes, beside films with logos,
drawings, still pictures, text, crops and noise (docs/matching.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.storage import directions
from autodedup.engine.match.beside import LEAST_FRAMES

Frames = NDArray[np.float32]  # (n, V, 128) or (n, 128), zeros where a view shows nothing

_NINE = slice(1, 10)  # the windows of `embedding.shapes` that lie in three rows of three
_LEAST_WINDOWS = 3  # that show anything in both films
_LEAST_MOVED = 0.05  # of a squared embedding: less movement is not compared with

# All in cosines, or in halves of squared distances, which are of the same scale.
_CLEAR = 0.84  # nothing lies over a window that is as close as this …
_FURTHER = 0.22  # … and a covered one is further apart by so much …
_STANDS_OUT = 0.5  # … of which most windows lie on the clear side of this share
_MUCH_FURTHER = 0.4  # by so much where none is clear …
_NOWHERE = 0.52  # … and the picture in it is in no view of the other film closer than this
_MOVES_APART = 0.07  # so much more of it moves differently than of the closest window …
_MOVES_APART_SHARE = 0.4  # … measured by all that moves in it

# A large drawing stands still, and what it covers moves: it is not told from a film that moves
# over one that stands still. Where it lets much of the film through, it is taken for a drawing.
_DRAWN_FURTHER = 0.45  # no further apart than this
_DRAWN_MOVED = (0.4, 0.7)  # so much moves of what moves in the other film
_DRAWN_STILL = 0.16  # while it moves least, the other moves by so much more
_STILLEST = 0.3  # the share of the pairs of frames between which a window moves least

# Text runs from side to side: what is as close in all of a row is covered by a line of it.
_ACROSS = 0.25  # of how much further apart the covered row is than the clear one
_LEGIBLE = 0.45  # no line of text covers so much that a row is further apart than this


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """One window of a film beside the same of another, at the frames in which both show something.

    close   the cosine of most frames
    apart   how much of what changes in the two changes differently
    moved   how much changes in each of the two
    a, b    (n, 128) each
    """

    close: float
    apart: float
    moved: tuple[float, float]
    a: Frames
    b: Frames

    @classmethod
    def of(cls, a: Frames, b: Frames) -> "_Window | None":
        """Return None where fewer than half of the frames show anything in it."""
        shown = a.any(axis=1) & b.any(axis=1)
        if shown.sum() < max(LEAST_FRAMES, len(a) / 2):
            return None
        a, b = a[shown], b[shown]
        close = float(np.median((a * b).sum(axis=1)))
        return cls(close, _spread(a - b), (_spread(a), _spread(b)), a, b)


def is_laid_over(a_rows: NDArray[np.int8], b_rows: NDArray[np.int8]) -> bool:
    """Say whether some windows of two films agree and move alike, and one does neither.

    Args:
        a_rows: (n, V, 128) views of frames of the one film.
        b_rows: (n, V, 128) of the frames of the other that show the same seconds.
    """
    if len(a_rows) < LEAST_FRAMES:
        return False
    a, b = directions(a_rows), directions(b_rows)
    turned = _as_turned(a, b)
    numbers = range(_NINE.start, _NINE.stop)
    seen = [_Window.of(a[:, number], turned[:, number]) for number in numbers]
    windows = [window for window in seen if window is not None]
    if len(windows) < _LEAST_WINDOWS or _is_text(seen):
        return False
    clear, covered = (choose(windows, key=lambda w: w.close) for choose in (max, min))
    apart = covered.apart - clear.apart
    if apart < max(_MOVES_APART, _MOVES_APART_SHARE * max(*covered.moved, _LEAST_MOVED)):
        return False
    further = clear.close - covered.close
    if clear.close >= _CLEAR and further >= _FURTHER:
        # What a crop shows in its windows is displaced, more from window to window.
        usual = float(np.median([window.close for window in windows]))
        stands_out = usual - covered.close >= _STANDS_OUT * further
        return stands_out and not _is_drawn(covered, further)
    return further >= _MUCH_FURTHER and max(_least_found(a, b), _least_found(b, a)) <= _NOWHERE


def _is_text(nine: Sequence[_Window | None]) -> bool:
    """Say whether what lies over a film lies along one of its edges, from side to side.

    A line of text does. A film in a corner, or in the middle of an edge, leaves the windows beside
    it clearer than those that it covers.
    """
    rows = [[w.close for w in nine[first : first + 3] if w is not None] for first in (0, 3, 6)]
    if min(len(row) for row in rows) < 2:  # noqa: PLR2004  # side by side
        return False
    means = [float(np.mean(row)) for row in rows]
    covered = min(means)
    across = max(max(row) - min(row) for row in rows)
    at_an_edge = means[1] > covered >= _LEGIBLE
    return at_an_edge and across <= _ACROSS * (max(means) - covered)


def _spread(frames: Frames) -> float:
    """Return half the variance, which is the mean of one less the cosine at unit length."""
    return float(((frames - frames.mean(axis=0)) ** 2).sum() / (2 * (len(frames) - 1)))


def _as_turned(a: Frames, b: Frames) -> Frames:
    """Return b with its nine windows where they lie when it is turned to be most like a."""
    grid = np.arange(_NINE.start, _NINE.stop).reshape(3, 3)
    best, most = grid.ravel(), -np.inf
    for across, rows, columns in product((1, -1), repeat=3):
        turned = (grid if across > 0 else grid.T)[::rows, ::columns].ravel()
        alike = float((a[:, _NINE] * b[:, turned]).sum())
        if alike > most:
            best, most = turned, alike
    moved = b.copy()
    moved[:, _NINE] = b[:, best]
    return moved


def _is_drawn(window: _Window, further: float) -> bool:
    """Say whether what lies over a film may be a drawing that stands still.

    Then one film moves less there than the other, though it moves, and never while the other
    stands still.
    """
    calmer = min(window.moved) / max(*window.moved, _LEAST_MOVED)
    if further >= _DRAWN_FURTHER or not _DRAWN_MOVED[0] <= calmer <= _DRAWN_MOVED[1]:
        return False
    pairs = np.triu_indices(len(window.a), 1)
    a, b = ((1.0 - frames @ frames.T)[pairs] for frames in (window.a, window.b))
    by_itself = [
        float((moves - rests)[rests <= np.quantile(rests, _STILLEST)].mean())
        for rests, moves in ((a, b), (b, a))
    ]
    return max(by_itself) >= _DRAWN_STILL and min(by_itself) <= 0.0


def _least_found(a: Frames, b: Frames) -> float:
    """Return how close that window of a which is least found in b comes to any view of b."""
    found = [1.0]
    for number in range(_NINE.start, _NINE.stop):
        shown = a[:, number].any(axis=1)
        if shown.sum() >= LEAST_FRAMES:
            alike = np.einsum("nd,nvd->nv", a[shown, number], b[shown])
            found.append(float(np.median(alike, axis=0).max()))
    return min(found)
