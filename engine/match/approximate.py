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


def distinct(owner: NDArray[np.int64], rows: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return the places of the frames that differ from the one of their clip kept before them.

    Args:
        owner: (M,) the clip of each frame, rising.
        rows: (M, 128) int8 embeddings.
    """
    kept: list[int] = []
    for start in np.flatnonzero(np.diff(owner, prepend=-1)).tolist():
        stop = int(np.searchsorted(owner, owner[start], side="right"))
        mine = from_bytes(rows[start:stop])
        last = 0
        while True:
            kept.append(start + last)
            further = np.flatnonzero(mine[last + 1 :] @ mine[last] < _SAME_PICTURE)
            if not len(further):
                break
            last += 1 + int(further[0])
    return np.array(kept, dtype=np.intp)


def nearest(rows: NDArray[np.int8], least: float) -> NDArray[np.int64]:
    """Return (H, 2) places of a frame and of one of its neighbours with at least this cosine."""
    from usearch.index import Index

    index = Index(
        ndim=DIMENSIONS,
        metric="cos",
        dtype="i8",
        connectivity=_CONNECTIVITY,
        expansion_add=_EXPANSION_ADD,
        expansion_search=_EXPANSION_SEARCH,
    )
    index.add(np.arange(len(rows), dtype=np.uint64), rows, threads=1)
    found = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, len(rows), _BATCH):
        asked = rows[start : start + _BATCH]
        matches = index.search(asked, min(NEAREST, len(rows)), threads=1)
        keys = np.atleast_2d(matches.keys).astype(np.int64)
        # Where fewer are found than asked for, what stands in their place is no frame.
        close = (np.atleast_2d(matches.distances) <= 1.0 - least) & (keys < len(rows)) & (keys >= 0)
        frame, place = np.nonzero(close)
        found.append(np.stack((start + frame, keys[frame, place]), axis=1))
    return np.concatenate(found)
