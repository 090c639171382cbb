"""What one search leaves behind for the next: the table of frames and its keys, in order.

A library is searched again for every newcomer, and nearly all of it is what it was. The rows only
grow: a newcomer's frames are put behind the others, and its keys into a short row of their own
beside the long one. Short rows are made one as a log-structured merge tree does (O'Neil and others,
1996), so that the long one stays as it is until there are half as many newcomers. Another library,
or one from which a clip is gone, is laid out anew.
"""

import threading
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.frames import FrameTable, frame_table
from autodedup.engine.match.keys import MOST_CHUNKS, Chunk, Hashes, Ranked, ranked
from autodedup.engine.match.model import Clip

_SPARE = 16  # one in so many rows is kept free for newcomers
T = TypeVar("T", bound=np.generic)


class SearchMemory:
    """The frames of one library as they were searched last. One search at a time may use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._clips: list[int] = []
        self._table: tuple[_Rows[np.int64], _Rows[np.int64], _Rows[np.uint8]] | None = None
        self._ranked: dict[Chunk, list[Ranked]] = {}
        self.embedded: dict[int, NDArray[np.intp]] = {}
        """By the key of a clip: which of its embedded frames are looked up (`neighbours`)."""

    def forget(self) -> None:
        """Let go of everything."""
        self._clips, self._table, self._ranked = [], None, {}
        self.embedded.clear()

    def table(self, clips: Sequence[Clip]) -> FrameTable:
        """Return the table of these clips, of which only what is new is laid out."""
        keys = [clip.key for clip in clips]
        if self._table is None or keys[: len(self._clips)] != self._clips:
            self.forget()
        fresh = frame_table(clips[len(self._clips) :])
        owner = fresh.owner + len(self._clips)
        self._clips = keys
        if self._table is None:
            self._table = (_Rows(owner), _Rows(fresh.place), _Rows(fresh.hashes))
        else:
            owners, places, hashes = self._table
            owners.append(owner)
            places.append(fresh.place)
            hashes.append(fresh.hashes)
        owners, places, hashes = self._table
        return FrameTable(owners.all, places.all, hashes.all)

    def ranked(self, chunk: Chunk, hashes: Hashes) -> list[Ranked]:
        """Return the ranked keys of all hashes of the table in a few rows, one after another."""
        if chunk not in self._ranked and len(self._ranked) >= MOST_CHUNKS:
            self._ranked.clear()  # the library has outgrown chunks of that width
        rows = self._ranked.setdefault(chunk, [])
        known = sum(len(row) for row in rows)
        if known < len(hashes):
            rows.append(ranked(chunk, hashes[known:], known))
            # Each row is at least twice as long as the next: they are few, and seldom sorted again.
            while len(rows) > 1 and len(rows[-2]) < 2 * len(rows[-1]):
                rows[-2:] = [np.sort(np.concatenate(rows[-2:]))]
        return rows


class _Rows(Generic[T]):
    """Rows with room behind them."""

    def __init__(self, rows: NDArray[T]) -> None:
        self._length = 0
        self._held = np.empty((0, *rows.shape[1:]), dtype=rows.dtype)
        self.append(rows)

    @property
    def all(self) -> NDArray[T]:
        return self._held[: self._length]

    def append(self, rows: NDArray[T]) -> None:
        wanted = self._length + len(rows)
        if wanted > len(self._held):
            held = np.empty((wanted + wanted // _SPARE, *rows.shape[1:]), dtype=rows.dtype)
            held[: self._length] = self.all
            self._held = held
        self._held[self._length : wanted] = rows
        self._length = wanted
