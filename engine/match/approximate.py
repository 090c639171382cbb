"""The nearest embeddings among very many, by a graph that is searched instead of all of them.

Source: Y. Malkov and D. Yashunin, "Efficient and robust approximate nearest neighbor search using
Hierarchical Navigable Small World graphs" (2018), as usearch implements it. One thread builds the
graph, so that the same library gives the same answer.
"""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.storage import from_bytes

NEAREST = 64  # neighbours asked for: a film's own frames are among them
_CONNECTIVITY, _EXPANSION_ADD, _EXPANSION_SEARCH = 16, 64, 128
_SAME_PICTURE = 0.9  # frames this close to the one kept before are not kept
_BATCH = 50_000


def distinct(rows: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return which frames of one clip differ from the one kept before them, of (M, 128) int8."""
    kept: list[int] = []
    mine = from_bytes(rows)
    last = 0
    while last < len(mine):
        kept.append(last)
        further = np.flatnonzero(mine[last + 1 :] @ mine[last] < _SAME_PICTURE)
        last = last + 1 + int(further[0]) if len(further) else len(mine)
    return np.array(kept, dtype=np.intp)


class Graph:
    """(M, 128) int8 embeddings among which the nearest are looked up."""

    def __init__(self, rows: NDArray[np.int8]) -> None:
        from usearch.index import Index

        self._count = len(rows)
        self._index = Index(
            ndim=DIMENSIONS,
            metric="cos",
            dtype="i8",
            connectivity=_CONNECTIVITY,
            expansion_add=_EXPANSION_ADD,
            expansion_search=_EXPANSION_SEARCH,
        )
        self._index.add(np.arange(len(rows), dtype=np.uint64), rows, threads=1)

    def near(self, asked: NDArray[np.int8], least: float) -> NDArray[np.int64]:
        """Return (H, 2) places: of one asked, and of one of its neighbours that is so close."""
        found = [np.zeros((0, 2), dtype=np.int64)]
        for start in range(0, len(asked), _BATCH):
            part = asked[start : start + _BATCH]
            matches = self._index.search(part, min(NEAREST, self._count), threads=1)
            keys = np.atleast_2d(matches.keys).astype(np.int64)
            distances = np.atleast_2d(matches.distances)
            # Where fewer are found than asked for, what stands in their place is no frame.
            close = (distances <= 1.0 - least) & (keys < self._count) & (keys >= 0)
            row, place = np.nonzero(close)
            found.append(np.stack((start + row, keys[row, place]), axis=1))
        return np.concatenate(found)
