"""Which films mean the same: by the semantic tier, which sees what is shown and not how it looks.

Two takes of one scene mean the same and are no copies. So meaning alone makes no claim that may be
acted upon; and as a witness it is heard only where the hash is in doubt (see `compare`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.errors import CancelledError
from autodedup.engine.match.model import Clip, PairMatch, Segment
from autodedup.engine.match.sights import bits_of
from autodedup.engine.semantic.vectors import Meanings

MEANING_VIEW = "meaning"
_TILE_FRAMES = 4096  # of one side: bounds the table of cosines to 64 MB

Rows = NDArray[np.float32]


def alike_in_meaning(
    of_content: Mapping[int, Meanings], least: float, stop: threading.Event
) -> list[PairMatch]:
    """Return the pairs of contents that mean the same, by their keys.

    The likeness of two films is the mean cosine of each frame with the frame of the other film
    that is most like it, over the frames of both. Only films of one recipe are compared.

    Raises:
        CancelledError: `stop` was set.
    """
    by_recipe: dict[str, list[int]] = {}
    for key in sorted(of_content):
        by_recipe.setdefault(of_content[key].recipe, []).append(key)
    found: list[PairMatch] = []
    for keys in by_recipe.values():
        found += _among(keys, [of_content[key].rows for key in keys], least, stop)
    return sorted(found, key=lambda match: (match.a, match.b))


def agree_in_meaning(pair: tuple[Clip, Clip], segments: Sequence[Segment], least: float) -> bool:
    """Say whether two films mean the same where segments put them side by side."""
    a, b = pair[0].meaning, pair[1].meaning
    if a is None or b is None or a.recipe != b.recipe:
        return False
    rows = a.rows[_inside(a.times_seconds, [(s.a_start, s.a_end) for s in segments])]
    others = b.rows[_inside(b.times_seconds, [(s.b_start, s.b_end) for s in segments])]
    return bool(len(rows) and len(others)) and _likeness(rows @ others.T)[0] >= least


def _inside(times: NDArray[np.float64], spans: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
    inside = np.zeros(len(times), dtype=bool)
    for start, end in spans:
        inside |= (times >= start) & (times <= end)
    return inside


def _likeness(cosines: Rows) -> tuple[float, float]:
    """Return the mean of every frame's best cosine, and the least of them."""
    ours, theirs = cosines.max(axis=1), cosines.max(axis=0)
    mean = (float(ours.mean()) + float(theirs.mean())) / 2
    return mean, float(min(ours.min(), theirs.min()))


def _among(
    keys: Sequence[int], rows: Sequence[Rows], least: float, stop: threading.Event
) -> list[PairMatch]:
    found: list[PairMatch] = []
    tiles = list(_tiles([len(each) for each in rows]))
    for number, (low, high) in enumerate(tiles):
        for left, right in tiles[number:]:
            if stop.is_set():
                raise CancelledError("The search was cancelled; nothing was changed.")
            means = _means(rows[low:high], rows[left:right])
            for one, other in zip(*np.nonzero(means >= least), strict=True):
                a, b = low + int(one), left + int(other)
                if a < b:
                    found.append(_match(keys[a], keys[b], rows[a], rows[b]))
    return found


def _means(ours: Sequence[Rows], theirs: Sequence[Rows]) -> NDArray[np.float64]:
    """Return (A, B): the likeness of every film of one side to every film of the other."""
    cosines = np.concatenate(ours) @ np.concatenate(theirs).T
    rows, columns = _starts(ours), _starts(theirs)
    best_there = np.maximum.reduceat(cosines, columns, axis=1)
    best_here = np.maximum.reduceat(cosines, rows, axis=0)
    forth = np.add.reduceat(best_there, rows, axis=0) / _lengths(ours)[:, None]
    back = np.add.reduceat(best_here, columns, axis=1) / _lengths(theirs)[None, :]
    return (forth + back) / 2


def _match(a: int, b: int, rows: Rows, others: Rows) -> PairMatch:
    mean, worst = _likeness(rows @ others.T)
    return PairMatch(
        a=a,
        b=b,
        relation="semantic",
        inner=None,
        confidence=round(min(1.0, max(0.0, mean)), 3),
        segments=(),
        view=MEANING_VIEW,
        mean_bits=bits_of(mean),
        worst_bits=bits_of(worst),
        frames=len(rows) + len(others),
    )


def _lengths(films: Sequence[Rows]) -> NDArray[np.float64]:
    return np.array([len(rows) for rows in films], dtype=np.float64)


def _starts(films: Sequence[Rows]) -> NDArray[np.intp]:
    return np.cumsum([0, *(len(rows) for rows in films[:-1])])


def _tiles(counts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Cut the films into runs of a bounded number of frames."""
    start, frames = 0, 0
    for place, count in enumerate(counts):
        if frames and frames + count > _TILE_FRAMES:
            yield start, place
            start, frames = place, 0
        frames += count
    if frames:
        yield start, len(counts)
