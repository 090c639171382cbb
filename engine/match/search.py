"""Which frames look alike, among very many: exactly for few, by a multi-index for many.

Every frame's whole picture, in all eight turns, is looked up among all stored views.

Sources: N = A * B^T of +-1 vectors counts agreeing bits; the multi-index is that of Norouzi,
Punjani and Fleet, "Fast search in Hamming space with multi-index hashing" (CVPR 2012), without
the flips: a film is found by many frames, so one frame may be missed.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Self

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.frames import FrameTable
from autodedup.engine.match.looks import WHOLE_VIEW, paired_distances
from autodedup.engine.signature.model import HASH_BITS
from autodedup.engine.signature.views import SIDE, TURNS, turned

EXACT_PRODUCTS = 4_000_000  # frame pairs up to which all are compared
TILE_ROWS, TILE_COLUMNS = 512, 4096
BLOCK_PAIRS = 400_000  # compared at once by the multi-index
LOOKUPS_AFFORDED = 100  # comparisons a frame, turn and chunk; keeps the work from being square


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Frame pairs that look alike; all arrays (H,), places are in the frame table.

    The frame `whole`, turned by `turn`, is like the view `view` of the frame `viewed`.
    """

    whole: NDArray[np.int64]
    viewed: NDArray[np.int64]
    view: NDArray[np.int64]
    turn: NDArray[np.int64]


def similar_frames(
    table: FrameTable,
    near_bits: int,
    *,
    like: int | None,
    stop: threading.Event,
    report: Callable[[float], None],
) -> Hits:
    """Return frame pairs of different clips within `near_bits`; with `like`, only of that clip.

    Ends early, with what was found, when `stop` is set.
    """
    everything = np.arange(len(table.owner), dtype=np.int64)
    own = everything if like is None else everything[table.owner == like]
    rounds = [_Round(own, everything)]
    if like is not None:
        rounds.append(_Round(everything[table.owner != like], own))
    found = [np.zeros((0, 4), dtype=np.int64)]
    for number, asked in enumerate(rounds):
        search = _exact if asked.is_small() else _multi_index
        for share, rows in search(table, asked, near_bits):
            if stop.is_set():
                break
            found.append(rows)
            report((number + share) / len(rounds))
    rows = np.concatenate(found)
    # Two whole pictures are compared from both sides; once is enough.
    twice = (rows[:, 2] == WHOLE_VIEW) & (table.owner[rows[:, 0]] > table.owner[rows[:, 1]])
    rows = rows[~twice]
    return Hits(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])


@dataclass(frozen=True, slots=True, eq=False)
class _Round:
    """Whole pictures, in every turn, to be looked up in every view of some frames."""

    wholes: NDArray[np.int64]
    viewed: NDArray[np.int64]

    def is_small(self) -> bool:
        return len(self.wholes) * len(self.viewed) <= EXACT_PRODUCTS


# The share of the work that is done, and (H, 4) rows of hits.
_Found = Iterator[tuple[float, NDArray[np.int64]]]


def _exact(table: FrameTable, asked: _Round, near_bits: int) -> _Found:
    """Compare all pairs, tile by tile: the product of +-1 vectors is 256 - 2 * distance."""
    least = HASH_BITS - 2 * near_bits
    views = table.hashes.shape[1]
    for turn, turn_name in enumerate(TURNS):
        wholes = turned(table.hashes[asked.wholes, WHOLE_VIEW], turn_name)
        for view, column in product(range(views), range(0, len(asked.viewed), TILE_COLUMNS)):
            places = asked.viewed[column : column + TILE_COLUMNS]
            right = _signs(table.hashes[places, view])
            for row in range(0, len(wholes), TILE_ROWS):
                left = _signs(wholes[row : row + TILE_ROWS])
                i, j = np.nonzero(left @ right.T >= least)
                rows = _rows(table, asked.wholes[row + i], places[j], view, turn)
                yield (turn + view / views) / len(TURNS), rows


def _multi_index(table: FrameTable, asked: _Round, near_bits: int) -> _Found:
    """Compare the pairs that agree in one whole chunk of bits."""
    views = table.hashes.shape[1]
    stored = table.hashes[asked.viewed].reshape(-1, HASH_BITS // 8)
    chunks = _chunks(len(stored))
    for number, bits in enumerate(chunks):
        index = _Index.of(_keys(stored, bits))
        for turn, turn_name in enumerate(TURNS):
            wholes = turned(table.hashes[asked.wholes, WHOLE_VIEW], turn_name)
            for row, column in index.same_key(_keys(wholes, bits)):
                alike = paired_distances(wholes[row], stored[column]) <= near_bits
                frame, view = np.divmod(column[alike], views)
                whole, viewed = asked.wholes[row[alike]], asked.viewed[frame]
                yield number / len(chunks), _rows(table, whole, viewed, view, turn)


@dataclass(frozen=True, slots=True, eq=False)
class _Index:
    """Keys in order, and the places they had: equal keys lie side by side."""

    ranked: NDArray[np.int64]
    places: NDArray[np.intp]

    @classmethod
    def of(cls, keys: NDArray[np.int64]) -> Self:
        places = np.argsort(keys, kind="stable")
        return cls(keys[places], places)

    def same_key(
        self, wanted: NDArray[np.int64]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.intp]]]:
        """Give places in `wanted` and places in the index with one key, block by block."""
        first = np.searchsorted(self.ranked, wanted, side="left")
        count = np.searchsorted(self.ranked, wanted, side="right") - first
        # The busiest keys (everyone's black, everyone's logo) go first when it is too much.
        busiest_last = np.argsort(count, kind="stable")
        total = np.cumsum(count[busiest_last])
        count[busiest_last[total > LOOKUPS_AFFORDED * len(wanted) + BLOCK_PAIRS]] = 0
        for start, end in _blocks(count):
            size = count[start:end]
            row = np.repeat(np.arange(start, end), size)
            offset = np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)
            yield row, self.places[np.repeat(first[start:end], size) + offset]


def _rows(
    table: FrameTable,
    whole: NDArray[np.int64],
    viewed: NDArray[np.int64],
    view: int | NDArray[np.int64],
    turn: int,
) -> NDArray[np.int64]:
    """Return (H, 4) rows of a hit, without those inside one clip."""
    rows = np.empty((len(whole), 4), dtype=np.int64)
    rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = whole, viewed, view, turn
    return np.unique(rows[table.owner[whole] != table.owner[viewed]], axis=0)


def _signs(hashes: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.unpackbits(hashes, axis=1).astype(np.float32) * 2 - 1


def _chunks(stored: int) -> list[NDArray[np.intp]]:
    """Cut the bits into chunks about as wide as needed to tell `stored` hashes apart.

    Low frequencies first: they differ least between two encodes, so chunks of them, kept
    together, agree in whole more often than chunks of mixed bits.
    """
    width = min(max(int(np.log2(max(stored, 2))), 16), 24)
    down, across = np.divmod(np.arange(HASH_BITS), SIDE)
    order = np.lexsort((across, down, down + across))
    return [order[start : start + width] for start in range(0, HASH_BITS - width + 1, width)]


def _keys(hashes: NDArray[np.uint8], bits: NDArray[np.intp]) -> NDArray[np.int64]:
    byte, shift = np.divmod(bits, 8)
    keys = np.zeros(len(hashes), dtype=np.int64)
    for at, place in zip(byte.tolist(), shift.tolist(), strict=True):
        keys = (keys << 1) | ((hashes[:, at] >> (7 - place)) & 1)
    return keys


def _blocks(count: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Cut the look-ups into blocks of about `BLOCK_PAIRS` comparisons."""
    if not count.sum():
        return
    total = np.cumsum(count)
    cuts = np.searchsorted(total, np.arange(BLOCK_PAIRS, total[-1] + BLOCK_PAIRS, BLOCK_PAIRS))
    start = 0
    for cut in np.minimum(cuts + 1, len(count)).tolist():
        if cut > start:
            yield start, cut
            start = cut
