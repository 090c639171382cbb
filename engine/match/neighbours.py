"""Which clips have frames that lie close by their embeddings, whatever was done to the picture.

In small libraries every frame is compared with every other, in tiles of bounded size; in large
ones the nearest are looked up in a graph. A single clip is always compared with everything.
"""

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import WHOLE
from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.storage import from_bytes
from autodedup.engine.match.approximate import distinct, nearest
from autodedup.engine.match.frames import FrameTable
from autodedup.engine.match.model import Clip

ALIKE = WHOLE["1 in 10,000"]
LEAST_SHARE = 0.2  # of the frames of one clip that must have a neighbour in the other
EXACT_FRAMES = 30_000  # up to which all are compared
TILE_ROWS, TILE_COLUMNS = 512, 8192

Pairs = dict[tuple[int, int], float]


def neighbours(
    clips: Sequence[Clip], table: FrameTable, *, like: int | None, stop: threading.Event
) -> Pairs:
    """Return pairs of clips (places, the smaller first) that may show the same, with a share.

    The share, 0..1, is of the frames of one clip that have a neighbour in the other; of the clip
    for which it is larger. With `like` only that clip's pairs are returned. Ends early, with what
    was found, when `stop` is set.
    """
    found: Pairs = {}
    recipes = sorted({clip.embeddings.recipe for clip in clips if clip.embeddings is not None})
    for recipe in recipes:
        owner, rows = _embedded(clips, table, recipe)
        if like is None and len(owner) > EXACT_FRAMES:
            kept = distinct(owner, rows)
            owner, rows = owner[kept], rows[kept]
            met = _nearest(owner, rows)
        else:
            met = np.concatenate([_NONE, *_until(stop, _close(owner, rows, like))])
        frames = np.bincount(owner, minlength=len(clips))
        pairs, count = np.unique(met, axis=0, return_counts=True)
        for (one, other), number in zip(pairs.tolist(), count.tolist(), strict=True):
            share = float(number / frames[one])
            if one != other and share >= LEAST_SHARE:
                pair = (min(one, other), max(one, other))
                found[pair] = max(found.get(pair, 0.0), share)
    return found


_NONE: NDArray[np.int64] = np.zeros((0, 2), dtype=np.int64)


def _embedded(
    clips: Sequence[Clip], table: FrameTable, recipe: str
) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
    """Return the owners (M,) and embeddings (M, 128) of the table's frames of one recipe."""
    owners, rows = [_NONE[:, 0]], [np.zeros((0, DIMENSIONS), dtype=np.int8)]
    edges = np.searchsorted(table.owner, np.arange(len(clips) + 1))
    for place, clip in enumerate(clips):
        if clip.embeddings is not None and clip.embeddings.recipe == recipe:
            mine = table.place[edges[place] : edges[place + 1]]
            rows.append(clip.embeddings.rows[mine])
            owners.append(np.full(len(mine), place, dtype=np.int64))
    return np.concatenate(owners), np.concatenate(rows)


def _nearest(owner: NDArray[np.int64], rows: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return (H, 2) owners of a frame and of a neighbour, once a frame and neighbouring clip."""
    found = nearest(rows, ALIKE)
    once = np.unique(np.stack((found[:, 0], owner[found[:, 1]]), axis=1), axis=0)
    return np.stack((owner[once[:, 0]], once[:, 1]), axis=1)


def _close(
    owner: NDArray[np.int64], rows: NDArray[np.int8], like: int | None
) -> Iterator[NDArray[np.int64]]:
    """Give what `_nearest` returns, tile by tile; with `like`, of that clip alone."""
    for start, stop in _tiles(owner):
        right = from_bytes(rows[start:stop]).T
        first = np.flatnonzero(np.diff(owner[start:stop], prepend=-1))
        others = owner[start:stop][first]
        for row in range(0, len(owner), TILE_ROWS):
            mine = owner[row : row + TILE_ROWS]
            if like is not None and like not in mine and like not in others:
                continue
            cosines = from_bytes(rows[row : row + TILE_ROWS]) @ right
            frame, other = np.nonzero(np.maximum.reduceat(cosines, first, axis=1) >= ALIKE)
            found = np.stack((mine[frame], others[other]), axis=1)
            yield found if like is None else found[(found == like).any(axis=1)]


def _tiles(owner: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut the frames into tiles that end where a clip does."""
    edges = [*np.flatnonzero(np.diff(owner, prepend=-1)).tolist(), len(owner)]
    start = 0
    for here, following in zip(edges[1:], [*edges[2:], None], strict=True):
        if following is None or following - start > TILE_COLUMNS:
            yield start, here
            start = here


def _until(
    stop: threading.Event, tiles: Iterator[NDArray[np.int64]]
) -> Iterator[NDArray[np.int64]]:
    for tile in tiles:
        if stop.is_set():
            return
        yield tile
