"""Which clips have frames that lie close by their embeddings, whatever was done to the picture.

Wholes are compared with wholes, and the small whole of either clip with every window of the other
(`engine.embedding.shapes`). Only frames that differ from the one before are asked. In small
libraries every frame is compared with every other, in tiles of bounded size; in large ones the
nearest are looked up in a graph. A single clip is always compared with everything.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import ALIKE
from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import FULL, SMALL, VIEWS
from autodedup.engine.embedding.storage import from_bytes
from autodedup.engine.match.approximate import Graph, distinct
from autodedup.engine.match.frames import FrameTable
from autodedup.engine.match.model import Clip
from autodedup.engine.match.sights import ViewPair

LEAST_SHARE = 0.2  # of the frames of one clip that must have a neighbour in the other
MOST_VIEWS = 2  # of a pair that are worth a closer look, the best supported
EXACT_FRAMES = 6_000  # up to which all are compared
TILE_ROWS, TILE_COLUMNS = 512, 4096

# Of the frame that asks, and of the frame that is asked.
COMPARED: Final = ((FULL, FULL), *((SMALL, window) for window in range(1, SMALL)))


@dataclass(frozen=True, slots=True)
class Near:
    """How two clips lie close: the share, 0..1, of one clip's frames, and in which views.

    The share is of the clip and the view for which it is largest; views are best first.
    """

    share: float
    views: tuple[ViewPair, ...]


Pairs = dict[tuple[int, int], Near]


def neighbours(
    clips: Sequence[Clip], table: FrameTable, *, like: int | None, stop: threading.Event
) -> Pairs:
    """Return pairs of clips (places, the smaller first) that may show the same.

    With `like` only that clip's pairs are returned. Ends early, with what was found, when `stop`
    is set.
    """
    found: dict[tuple[int, int], dict[ViewPair, float]] = {}
    recipes = sorted({clip.embeddings.recipe for clip in clips if clip.embeddings is not None})
    for recipe in recipes:
        frames = _Frames.of(clips, table, recipe)
        count = np.bincount(frames.owner, minlength=len(clips))
        exact = like is not None or len(frames.owner) <= EXACT_FRAMES
        hits = _close(frames, like) if exact else _nearest(frames)
        for views, met in _until(stop, hits):
            for (one, other), number in met:
                if one != other and (share := number / count[one]) >= LEAST_SHARE:
                    pair = (min(one, other), max(one, other))
                    seen = ViewPair(*(views if one < other else views[::-1]))
                    shares = found.setdefault(pair, {})
                    shares[seen] = max(shares.get(seen, 0.0), share)
    return {pair: _best(shares) for pair, shares in found.items()}


def _best(shares: dict[ViewPair, float]) -> Near:
    ranked = sorted(shares, key=lambda views: (-shares[views], views))
    return Near(shares[ranked[0]], tuple(ranked[:MOST_VIEWS]))


@dataclass(frozen=True, slots=True, eq=False)
class _Frames:
    """The frames of one recipe that are asked: owners (M,), rising, and rows (M, V, 128) int8."""

    owner: NDArray[np.int64]
    rows: NDArray[np.int8]

    @classmethod
    def of(cls, clips: Sequence[Clip], table: FrameTable, recipe: str) -> "_Frames":
        owners = [np.zeros(0, dtype=np.int64)]
        rows = [np.zeros((0, len(VIEWS), DIMENSIONS), dtype=np.int8)]
        edges = np.searchsorted(table.owner, np.arange(len(clips) + 1))
        for place, clip in enumerate(clips):
            if clip.embeddings is not None and clip.embeddings.recipe == recipe:
                mine = clip.embeddings.rows[table.place[edges[place] : edges[place + 1]]]
                mine = mine[mine[:, FULL].any(axis=1)]
                mine = mine[distinct(mine[:, FULL])]
                rows.append(mine)
                owners.append(np.full(len(mine), place, dtype=np.int64))
        return cls(np.concatenate(owners), np.concatenate(rows))


# Views of the frame that was counted and of the one it met; and, by owners, how many frames of
# the one clip have a neighbour in the other.
_Met = tuple[tuple[int, int], list[tuple[tuple[int, int], int]]]


def _counted(frames: _Frames, views: tuple[int, int], hits: NDArray[np.int64]) -> Iterator[_Met]:
    """Give what (H, 2) places of frames that lie close come to, asked from either side."""
    for (mine, its), (view, other) in (
        ((0, 1), views),
        ((1, 0), views[::-1]),
    ):
        once = np.unique(np.stack((hits[:, mine], frames.owner[hits[:, its]]), axis=1), axis=0)
        owners = np.stack((frames.owner[once[:, 0]], once[:, 1]), axis=1)
        pairs, count = np.unique(owners, axis=0, return_counts=True)
        met = [
            ((one, two), number)
            for (one, two), number in zip(pairs.tolist(), count.tolist(), strict=True)
        ]
        yield (view, other), met
        if views == (FULL, FULL):
            return  # both sides were asked


def _close(frames: _Frames, like: int | None) -> Iterator[_Met]:
    """Compare all frames, or those of one clip with all, tile by tile."""
    everything = np.arange(len(frames.owner))
    own = everything if like is None else everything[frames.owner == like]
    for views in COMPARED:
        rounds = [(own, everything)]
        if like is not None and views != (FULL, FULL):
            rounds.append((everything[frames.owner != like], own))
        hits = [_products(frames, views, *asked) for asked in rounds]
        yield from _counted(frames, views, np.concatenate(hits))


def _products(
    frames: _Frames,
    views: tuple[int, int],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> NDArray[np.int64]:
    """Return (H, 2) places of a row and a column whose views lie close, of different clips."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, len(columns), TILE_COLUMNS):
        asked = columns[start : start + TILE_COLUMNS]
        right = from_bytes(frames.rows[asked, views[1]]).T
        for first in range(0, len(rows), TILE_ROWS):
            mine = rows[first : first + TILE_ROWS]
            cosines = from_bytes(frames.rows[mine, views[0]]) @ right
            row, column = np.nonzero(cosines >= ALIKE)
            hits = np.stack((mine[row], asked[column]), axis=1)
            found.append(hits[frames.owner[hits[:, 0]] != frames.owner[hits[:, 1]]])
    hits = np.concatenate(found)
    return np.concatenate((hits, hits[:, ::-1])) if views == (FULL, FULL) else hits


def _nearest(frames: _Frames) -> Iterator[_Met]:
    """Look the views of all frames up among the nearest wholes, large and small."""
    graphs = {view: Graph(frames.rows[:, view]) for view in (FULL, SMALL)}
    for whole, view in COMPARED:
        there = np.flatnonzero(frames.rows[:, view].any(axis=1))
        hits = graphs[whole].near(frames.rows[there, view], ALIKE)
        hits = np.stack((hits[:, 1], there[hits[:, 0]]), axis=1)
        apart = frames.owner[hits[:, 0]] != frames.owner[hits[:, 1]]
        hits = hits[apart]
        if view == FULL:
            hits = np.concatenate((hits, hits[:, ::-1]))
        yield from _counted(frames, (whole, view), hits)


def _until(stop: threading.Event, found: Iterator[_Met]) -> Iterator[_Met]:
    for met in found:
        if stop.is_set():
            return
        yield met
