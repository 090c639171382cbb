"""The embeddings that lie close among very many, by cells that are searched instead of all of them.

Rows are sorted into cells around centres, each into those it lies next to; a row that is asked
about is compared, by one product of matrices a cell, with what its own cells hold. One seed lays
the cells out, so that the same library gives the same answer.

Source: H. Jégou, M. Douze and C. Schmid, "Product Quantization for Nearest Neighbor Search" (2011),
of which this is the inverted file, without the quantization.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.storage import directions, from_bytes

NEAREST: Final = 64  # of one cell, for one row: what is everywhere must not be met everywhere
HELD_IN, ASKED_IN = 3, 2  # cells of a row that is held, and of one that is asked about
_CELLS_A_ROOT: Final = 2.0  # cells for the root of the number of rows: cells and centres cost alike
_SAMPLED: Final = 32  # rows a cell that lay the cells out
_ROUNDS: Final = 5
_SAME_PICTURE: Final = 0.9  # frames this close to the one kept before are not kept
_TILE: Final = 4096  # rows compared with all centres at once


@dataclass(frozen=True, slots=True, eq=False)
class Owned:
    """Rows (M, 128) int8, and whose they are, (M,) int64: none meets another of its own."""

    rows: NDArray[np.int8]
    owner: NDArray[np.int64]


def distinct(rows: NDArray[np.int8]) -> NDArray[np.intp]:
    """Return which frames of one clip differ from the one kept before them, of (M, 128) int8."""
    kept: list[int] = []
    mine = directions(rows)
    last = 0
    while last < len(mine):
        kept.append(last)
        further = np.flatnonzero(mine[last + 1 :] @ mine[last] < _SAME_PICTURE)
        last = last + 1 + int(further[0]) if len(further) else len(mine)
    return np.array(kept, dtype=np.intp)


class Cells:
    """Embeddings (M, 128) int8 of owners (M,), among which those that lie close are looked up."""

    def __init__(self, held: Owned) -> None:
        self._held = held
        there = np.flatnonzero(held.rows.any(axis=1))
        self._centres = _centres(held.rows, there)
        cells = self._next_to(held.rows[there], HELD_IN)
        order = np.argsort(cells.ravel(), kind="stable")
        self._members = np.repeat(there, cells.shape[1])[order]
        self._edges = np.searchsorted(cells.ravel()[order], np.arange(len(self._centres) + 1))

    def near(self, asked: Owned, least: float) -> NDArray[np.int64]:
        """Return (H, 2) places: of a row that is asked about, and of a held one so close to it.

        Each is told once. Of those that are close to one row the `NEAREST` of each cell are told.
        """
        found = [np.zeros(0, dtype=np.int64)]
        there = np.flatnonzero(asked.rows.any(axis=1))
        cells = self._next_to(asked.rows[there], ASKED_IN)
        order = np.argsort(cells.ravel(), kind="stable")
        asking = np.repeat(there, cells.shape[1])[order]
        edges = np.searchsorted(cells.ravel()[order], np.arange(len(self._centres) + 1))
        for cell in np.flatnonzero(np.diff(edges)).tolist():
            mine = asking[edges[cell] : edges[cell + 1]]
            members = self._members[self._edges[cell] : self._edges[cell + 1]]
            row, column = self._close(asked, mine, members, least)
            found.append(mine[row] * len(self._held.owner) + members[column])
        hits = np.unique(np.concatenate(found))
        return np.stack(np.divmod(hits, max(1, len(self._held.owner))), axis=1)

    def _close(
        self, asked: Owned, mine: NDArray[np.int64], members: NDArray[np.int64], least: float
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which of `mine` lie close to which of `members`, and are another's."""
        alike = from_bytes(asked.rows[mine]) @ from_bytes(self._held.rows[members]).T
        close = alike >= least
        close &= asked.owner[mine][:, None] != self._held.owner[members][None]
        for crowded in np.flatnonzero(close.sum(axis=1) > NEAREST).tolist():
            here = np.flatnonzero(close[crowded])
            best = np.argpartition(-alike[crowded, here], NEAREST)[:NEAREST]
            close[crowded] = False
            close[crowded, here[best]] = True
        row, column = np.nonzero(close)
        return row, column

    def _next_to(self, rows: NDArray[np.int8], count: int) -> NDArray[np.int64]:
        """Return (M, count): the cells whose centres lie next to each row, the nearest first."""
        count = min(count, len(self._centres))
        cells = np.empty((len(rows), count), dtype=np.int64)
        for start in range(0, len(rows), _TILE):
            products = from_bytes(rows[start : start + _TILE]) @ self._centres.T
            each = np.arange(len(products))
            for number in range(count):
                nearest = products.argmax(axis=1)
                cells[start : start + _TILE, number] = nearest
                products[each, nearest] = -np.inf
        return cells


def _centres(rows: NDArray[np.int8], there: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return (C, 128) float32 of unit length: spherical k-means of some of the rows."""
    count = min(len(there), max(1, round(_CELLS_A_ROOT * np.sqrt(len(there)))))
    chance = np.random.default_rng(0)
    some = directions(rows[chance.permutation(there)[: _SAMPLED * count]])
    centres = some[:count].copy()
    for _ in range(_ROUNDS):
        sums = np.zeros_like(centres)
        for start in range(0, len(some), _TILE):
            part = some[start : start + _TILE]
            np.add.at(sums, (part @ centres.T).argmax(axis=1), part)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        # A cell that nothing is next to stays where it is.
        centres = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centres)
    return centres
