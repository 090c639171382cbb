"""The ways in which one clip's picture may be another's: turned, or a crop of it.

A look says which side is taken whole and turned, and which stored view of the other side it is
then compared with. One side is always taken whole: an edit seldom crops both copies.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.model import Clip
from autodedup.engine.signature.views import TURNS, VIEWS, turned

WHOLE_VIEW = 0  # of `VIEWS`
_BLOCK_ROWS = 256


@dataclass(frozen=True, slots=True, order=True)
class Look:
    """The whole picture of one side, turned, is what `view` shows of the other side.

    `view` and `turn` are places in `VIEWS` and `TURNS`; `whole` is the side taken whole.
    """

    whole: Literal["a", "b"]
    view: int
    turn: int

    @property
    def name(self) -> str:
        """Return the look in words: `full`, `mirror`, `crop80`, `crop80 turn90`."""
        if self.turn == 0:
            return VIEWS[self.view]
        if self.view == WHOLE_VIEW:
            return TURNS[self.turn]
        return f"{VIEWS[self.view]} {TURNS[self.turn]}"

    def swapped(self) -> "Look":
        """Return the same look where the clips have changed places."""
        return replace(self, whole="b" if self.whole == "a" else "a")


def hashes_under(look: Look, a: Clip, b: Clip) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return (A, 32) and (B, 32): the frames' hashes of both clips as this look compares them."""
    whole, cropped = (a, b) if look.whole == "a" else (b, a)
    turned_whole = turned(whole.hashes[:, WHOLE_VIEW], TURNS[look.turn])
    viewed = np.ascontiguousarray(cropped.hashes[:, look.view])
    return (turned_whole, viewed) if look.whole == "a" else (viewed, turned_whole)


def bit_distances(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (A, B) uint8: how many of 256 bits differ, 255 standing for 255 and 256."""
    out = np.empty((len(a), len(b)), dtype=np.uint8)
    words_a, words_b = _words(a), _words(b)
    for start in range(0, len(a), _BLOCK_ROWS):
        rows = words_a[start : start + _BLOCK_ROWS]
        bits = np.zeros((len(rows), len(b)), dtype=np.uint16)
        for word in range(words_a.shape[1]):
            bits += np.bitwise_count(rows[:, word, None] ^ words_b[None, :, word])
        np.minimum(bits, 255, out=out[start : start + _BLOCK_ROWS], casting="unsafe")
    return out


def paired_distances(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> NDArray[np.uint16]:
    """Return (N,) uint16: how many bits the n-th hash of a differs from the n-th of b."""
    bits: NDArray[np.uint16] = np.bitwise_count(_words(a) ^ _words(b)).sum(axis=1, dtype=np.uint16)
    return bits


def _words(hashes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.ascontiguousarray(hashes).view(np.uint64)
