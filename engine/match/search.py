"""Which frames look alike, among very many: exactly for few, by a multi-index for many.

Every frame's whole picture, in all eight turns, is looked up among all stored views.

Sources: N = A * B^T of +-1 vectors counts agreeing bits; the multi-index is that of Norouzi,
Punjani and Fleet, "Fast search in Hamming space with multi-index hashing" (CVPR 2012), without
the flips: a film is found by many frames, so one frame may be missed. Its tables are sorted rows
of keys (`engine.match.keys`), made when they are needed: a chunk at a time, a core for each.
"""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.gpu.search import GpuSearch
from autodedup.engine.match.frames import FrameTable
from autodedup.engine.match.keys import (
    BETWEEN,
    EXCHANGES,
    FEWEST_CHUNKS,
    KEY_BITS,
    MOST_CHUNKS,
    NARROWEST,
    PLACE_BITS,
    TURN_BITS,
    WIDEST,
    Chunk,
    Ranked,
    ranked,
)
from autodedup.engine.match.keys import chunks as cut_into_chunks
from autodedup.engine.match.looks import WHOLE_VIEW
from autodedup.engine.match.memory import SearchMemory
from autodedup.engine.match.rows import counted, distinct
from autodedup.engine.signature.model import HASH_BITS, HASH_BYTES
from autodedup.engine.signature.views import TURNS, turned
from autodedup.engine.workers.pool import default_size

EXACT_PRODUCTS = 4_000_000  # frame pairs up to which all are compared
EXACT_PRODUCTS_OF_ONE = 400_000  # the same, where the pairs of one clip are wanted
TILE_ROWS, TILE_COLUMNS = 512, 4096
BLOCK_PAIRS = 400_000  # compared at once by the multi-index
CHANCE_PAIRS = 2_000_000  # strangers that may share a key of one chunk: sets the width of a chunk
MOST_KEYS = 64_000_000  # of all chunks together: half a gigabyte; sets the number of chunks
LOOKUPS_AFFORDED = 12  # comparisons a frame and chunk; keeps the work from being square
CROWDS = (256, 128, 64, 32)  # frames of one key, at most, that one is compared with
_MANY = 64  # times as many frames as were met: sorting these is quicker than counting for all
ENOUGH = 100  # frames met by one in the chunks before: no more are looked for


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Frame pairs that look alike; all arrays (H,), places are in the frame table.

    The frame `whole`, turned by `turn`, is like the view `view` of the frame `viewed`.
    """

    whole: NDArray[np.int64]
    viewed: NDArray[np.int64]
    view: NDArray[np.int64]
    turn: NDArray[np.int64]

    def only(self, these: NDArray[np.bool_]) -> "Hits":
        """Return some of the hits."""
        return Hits(self.whole[these], self.viewed[these], self.view[these], self.turn[these])


def similar_frames(
    table: FrameTable,
    near_bits: int,
    *,
    like: int | None,
    stop: threading.Event,
    report: Callable[[float], None],
    memory: SearchMemory | None = None,
    gpu: GpuSearch | None = None,
) -> Hits:
    """Return frame pairs of different clips within `near_bits`; with `like`, only of that clip.

    Ends early, with what was found, when `stop` is set. `memory` is one that made the table. With a
    GPU all pairs of many frames are compared too, as far as that is worth its start; without one,
    or where it fails, a multi-index finds nearly all of them.
    """
    frames = len(table.owner)
    most = EXACT_PRODUCTS if like is None else EXACT_PRODUCTS_OF_ONE
    if (frames if like is None else len(table.frames_of(like))) * frames > most:
        rows = _on_gpu(gpu, table, near_bits, like=like, stop=stop, report=report)
        if rows is not None:
            return _hits(table, rows)
        index = _MultiIndex(table, near_bits, like, stop, memory)
        return _hits(table, _multi_index(index, table, report))
    everything = np.arange(frames, dtype=np.int64)
    own = everything if like is None else table.frames_of(like)
    rounds = [_Round(own, everything)]
    if like is not None:
        rounds.append(_Round(everything[table.owner != like], own))
    found = [np.zeros((0, 4), dtype=np.int64)]
    for number, asked in enumerate(rounds):
        for share, rows in _exact(table, asked, near_bits):
            if stop.is_set():
                break
            found.append(rows)
            report((number + share) / len(rounds))
    return _hits(table, np.concatenate(found))


def _hits(table: FrameTable, rows: NDArray[np.int64]) -> Hits:
    # Two whole pictures are compared from both sides; once is enough.
    twice = (rows[:, 2] == WHOLE_VIEW) & (table.owner[rows[:, 0]] > table.owner[rows[:, 1]])
    rows = rows[~twice]
    return Hits(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3])


def _on_gpu(
    gpu: GpuSearch | None,
    table: FrameTable,
    near_bits: int,
    *,
    like: int | None,
    stop: threading.Event,
    report: Callable[[float], None],
) -> NDArray[np.int64] | None:
    """Return (H, 4) rows of all pairs, None where no GPU is asked, or it did not answer."""
    if gpu is None:
        return None
    everything = np.arange(len(table.owner), dtype=np.int64)
    own = everything if like is None else table.frames_of(like)
    if not gpu.is_worth_it(len(own), len(everything)):
        return None
    rounds = [(own, everything)]
    if like is not None:
        rounds.append((everything[table.owner != like], own))
    return gpu.pairs(table.owner, table.hashes, rounds, near_bits, stop=stop, report=report)


@dataclass(frozen=True, slots=True, eq=False)
class _Round:
    """Whole pictures, in every turn, to be looked up in every view of some frames."""

    wholes: NDArray[np.int64]
    viewed: NDArray[np.int64]


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


def _multi_index(
    index: "_MultiIndex", table: FrameTable, report: Callable[[float], None]
) -> NDArray[np.int64]:
    """Return (H, 4) rows of the pairs that agree in one whole chunk of bits, and are near."""
    frames, views = table.hashes.shape[:2]
    most = min(max(MOST_KEYS // max(1, frames * views), FEWEST_CHUNKS), MOST_CHUNKS)
    cut = cut_into_chunks(_width(frames, views), most)
    found = np.zeros(0, dtype=np.uint64)
    # numpy lets go of the interpreter for nearly all of this, so threads do.
    with ThreadPoolExecutor(default_size(), thread_name_prefix="search") as threads:
        for number, chunk in enumerate(cut):
            fresh = index.of_chunk(chunk, index.left_to_ask(found), threads)
            found = distinct(np.concatenate((found, fresh)))
            report((number + 1) / len(cut))
    return _unpacked(found)


def _width(frames: int, views: int) -> int:
    """Return how many bits of a chunk let few enough strangers share one, turns counted as one."""
    keys = frames * frames * views / CHANCE_PAIRS
    return min(max(math.ceil(math.log2(max(keys, 1.0))) + TURN_BITS, NARROWEST), WIDEST)


class _MultiIndex:
    """All views of all frames, looked up among each other by one chunk after another.

    A view of a frame is known by the frame's place times the number of views, plus its own.
    """

    def __init__(
        self,
        table: FrameTable,
        near_bits: int,
        like: int | None,
        stop: threading.Event,
        memory: SearchMemory | None,
    ) -> None:
        self._owner, self._near_bits, self._like, self._stop = table.owner, near_bits, like, stop
        self._memory = memory
        self._views = table.hashes.shape[1]
        self._hashes = np.ascontiguousarray(table.hashes).reshape(-1, HASH_BYTES)
        self._words = self._hashes.view(np.uint64)
        self._own = None if like is None else table.frames_of(like)
        # Looked up by themselves, few frames are turned; among all, every frame is.
        self._wholes = _both_ways(table.hashes[:, WHOLE_VIEW]) if like is None else None
        self._exchanges = np.array(EXCHANGES, dtype=np.int64)
        self._negated = _NEGATED.view(np.uint64)

    def left_to_ask(self, found: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say which frames have not met so many others yet that more would tell nothing."""
        met = _unpacked(found)[:, :2].ravel()
        left = np.ones(len(self._owner), dtype=bool)
        if len(met) < len(left) // _MANY:  # one clip meets few of very many frames
            places, times = counted(met.astype(np.uint64))
            left[places[times >= ENOUGH].astype(np.int64)] = False
            return left
        return np.less(np.bincount(met, minlength=len(left)), ENOUGH, out=left)

    def of_chunk(
        self, chunk: Chunk, asked: NDArray[np.bool_], threads: ThreadPoolExecutor
    ) -> NDArray[np.uint64]:
        """Return the near pairs of the frames asked for that agree in one chunk, packed."""
        near = threads.map(*self._near_of_blocks(self._ranked(chunk), asked))
        return np.concatenate([np.zeros(0, dtype=np.uint64), *near])

    def _ranked(self, chunk: Chunk) -> Ranked:
        """Return keys, turns and places of the views that share a key, in one rising row."""
        rows = (
            [ranked(chunk, self._hashes)]
            if self._memory is None
            else self._memory.ranked(chunk, self._hashes)
        )
        if self._own is not None:
            return self._sharing_with_own(chunk, rows)
        every = rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows))
        key = every >> KEY_BITS
        shared = np.zeros(len(key), dtype=bool)
        np.equal(key[1:], key[:-1], out=shared[1:])
        shared[:-1] |= shared[1:]
        return every[shared]

    def _sharing_with_own(self, chunk: Chunk, rows: list[Ranked]) -> Ranked:
        """Return the part of the rows whose keys the one clip has."""
        own = (self._own_frames()[:, None] * self._views + np.arange(self._views)).ravel()
        keys = distinct((chunk.canonical(self._hashes[own]) >> TURN_BITS).astype(np.uint64))
        found = [np.zeros(0, dtype=np.uint64)]
        for row in rows:
            low = np.searchsorted(row, keys << KEY_BITS)
            size = np.searchsorted(row, (keys + np.uint64(1)) << KEY_BITS) - low
            found.append(row[np.repeat(low - np.cumsum(size) + size, size) + np.arange(size.sum())])
        return np.sort(np.concatenate(found))

    def _own_frames(self) -> NDArray[np.intp]:
        return np.zeros(0, dtype=np.intp) if self._own is None else self._own

    def _near_of_blocks(
        self, keyed: Ranked, asked: NDArray[np.bool_]
    ) -> tuple[Callable[[tuple[int, int]], NDArray[np.uint64]], list[tuple[int, int]]]:
        """Return blocks of look-ups, and what compares frames with those that share their key."""
        place = (keyed & _PLACES).astype(np.int64)
        key = keyed >> KEY_BITS
        begins = np.flatnonzero(np.diff(key, prepend=~key[:1]))
        size = np.diff(begins, append=len(key))
        crowd = np.repeat(np.arange(len(begins)), size)
        asks = (place % self._views == WHOLE_VIEW) & (size[crowd] > 1)
        asks &= asked[place // self._views]
        asking = np.flatnonzero(asks)
        most = _afforded(size[crowd[asking]] - 1)
        if self._like is not None:
            # Whoever asks, it is one of its own that asks or is asked.
            asking = np.flatnonzero(self._owner[place // self._views] == self._like)
        first, among = begins[crowd[asking]], size[crowd[asking]]
        count = np.minimum(among - 1, most)

        def near(block: tuple[int, int]) -> NDArray[np.uint64]:
            if self._stop.is_set():
                return np.zeros(0, dtype=np.uint64)
            mine = slice(*block)
            row = np.repeat(np.arange(*block), count[mine])
            step = np.arange(len(row)) - np.repeat(
                np.cumsum(count[mine]) - count[mine], count[mine]
            )
            # In a crowd too large to compare all with all, each is compared with the next ones.
            one = asking[row]
            other = first[row] + (one - first[row] + 1 + step) % among[row]
            if self._like is not None:
                before = first[row] + (one - first[row] - 1 - step) % among[row]
                one, other = np.concatenate((one, before)), np.concatenate((other, one))
                one, other = one[asks[one]], other[asks[one]]
            whole, viewed = place[one] // self._views, place[other]
            useful = self._owner[whole] != self._owner[viewed // self._views]
            one, other, whole, viewed = one[useful], other[useful], whole[useful], viewed[useful]
            turn = BETWEEN[_turn(keyed[one]), _turn(keyed[other])]
            close = self._distances(whole, viewed, turn) <= self._near_bits
            frame, view = np.divmod(viewed[close], self._views)
            return _packed(whole[close], frame, view, turn[close])

        return near, list(_blocks(count))

    def _distances(
        self, wholes: NDArray[np.int64], viewed: NDArray[np.int64], turns: NDArray[np.int64]
    ) -> NDArray[np.uint16]:
        both = self._wholes
        if both is None:
            some, wholes = np.unique(wholes, return_inverse=True)
            both = _both_ways(self._hashes[some * self._views + WHOLE_VIEW])
        bits = both[2 * wholes + self._exchanges[turns]]
        bits ^= self._negated[turns]
        bits ^= self._words[viewed]
        counted: NDArray[np.uint16] = np.bitwise_count(bits).sum(axis=1, dtype=np.uint16)
        return counted


_NEGATED = np.concatenate(
    [turned(np.zeros((1, HASH_BYTES), dtype=np.uint8), turn) for turn in TURNS]
)
"""(8, 32): a turn exchanges rows and columns or not, and then negates these bits."""


def _both_ways(whole: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return (2 * N, 4): every hash, and after it the one with rows and columns exchanged."""
    across = EXCHANGES.index(True)
    exchanged = turned(whole, TURNS[across]) ^ _NEGATED[across]
    return np.stack((whole, exchanged), axis=1).reshape(-1, HASH_BYTES).view(np.uint64)


_PLACES = (np.uint64(1) << PLACE_BITS) - np.uint64(1)
_TURNS = np.uint64((1 << TURN_BITS) - 1)


def _turn(keyed: Ranked) -> NDArray[np.int64]:
    return (keyed >> PLACE_BITS & _TURNS).astype(np.int64)


def _afforded(others: NDArray[np.int64]) -> int:
    """Return with how many of those that share its key a frame is compared at most."""
    most = LOOKUPS_AFFORDED * len(others) + BLOCK_PAIRS
    return next((c for c in CROWDS if np.minimum(others, c).sum() <= most), CROWDS[-1])


_FRAME_BITS = np.uint64(29)


def _packed(
    whole: NDArray[np.int64],
    viewed: NDArray[np.int64],
    view: NDArray[np.int64],
    turn: NDArray[np.int64],
) -> NDArray[np.uint64]:
    out = whole.astype(np.uint64) << _FRAME_BITS | viewed.astype(np.uint64)
    return out << np.uint64(6) | (view << TURN_BITS | turn).astype(np.uint64)


def _unpacked(packed: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return (H, 4) rows of a hit."""
    frames, look = packed >> np.uint64(6), packed & np.uint64(63)
    columns = (
        frames >> _FRAME_BITS,
        frames & ((np.uint64(1) << _FRAME_BITS) - np.uint64(1)),
        look >> np.uint64(TURN_BITS),
        look & _TURNS,
    )
    return np.stack(columns, axis=1).astype(np.int64)


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
