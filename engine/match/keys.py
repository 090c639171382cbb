"""Keys by which alike frames find each other, the same however the picture is turned.

A key is a chunk of a frame's hash. The eight turns of a picture permute and negate the bits of a
chunk among themselves, if with a bit of frequencies (i, j) the chunk holds that of (j, i) too; the
smallest of the eight keys is then the picture's own, and one look-up stands for eight.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.signature.model import HASH_BYTES
from autodedup.engine.signature.views import SIDE, TURNS, turned

TURN_BITS = 3
NARROWEST, WIDEST = 12, 26  # bits a key
FEWEST_CHUNKS, MOST_CHUNKS = 6, 16
_BLOCK_ROWS = 1 << 15  # hashes at once: a megabyte, so that they stay in the processor's cache

Hashes = NDArray[np.uint8]  # (N, 32)
Keys = NDArray[np.uint32]  # (N,): a key, and in its lowest three bits the turn that gives it
Ranked = NDArray[np.uint64]
"""(N,) rising: from the highest bits on a key, the turn that gives it, the place of the hash."""

PLACE_BITS = np.uint64(32)
KEY_BITS = PLACE_BITS + np.uint64(TURN_BITS)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some bits of a hash, as one number: the upper triangle, the lower one, the diagonal.

    lookup   for each byte of the hash that has bits of ours: its place and (256,) what it adds
    pairs    how many bits of the upper triangle there are, and of the lower one
    bits     how many there are in all
    negated  (8,) what each turn negates
    """

    lookup: tuple[tuple[int, NDArray[np.uint32]], ...]
    pairs: int
    bits: int
    negated: NDArray[np.uint32]

    def of(self, hashes: Hashes) -> NDArray[np.uint32]:
        """Return (N,) the bits of these hashes as they are."""
        keys = np.zeros(len(hashes), dtype=np.uint32)
        for byte, adds in self.lookup:
            keys |= adds[hashes[:, byte]]
        return keys

    def canonical(self, hashes: Hashes) -> Keys:
        """Return the keys that turns do not change, each with the turn that gives it."""
        out = np.empty(len(hashes), dtype=np.uint32)
        for start in range(0, len(hashes), _BLOCK_ROWS):
            upright = self.of(hashes[start : start + _BLOCK_ROWS])
            exchanged = self._exchanged(upright)
            best = np.full(len(upright), 0xFFFFFFFF, dtype=np.uint32)
            for turn, negated in enumerate(self.negated.tolist()):
                keys = (exchanged if EXCHANGES[turn] else upright) ^ np.uint32(negated)
                np.minimum(best, keys << np.uint32(TURN_BITS) | np.uint32(turn), out=best)
            out[start : start + _BLOCK_ROWS] = best
        return out

    def _exchanged(self, keys: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the keys of the pictures with rows and columns exchanged."""
        low, triangle = self.bits - 2 * self.pairs, np.uint32((1 << self.pairs) - 1)
        upper = keys >> np.uint32(low + self.pairs) & triangle
        lower = keys >> np.uint32(low) & triangle
        diagonal = keys & np.uint32((1 << low) - 1)
        moved: NDArray[np.uint32] = lower << np.uint32(low + self.pairs) | upper << np.uint32(low)
        return moved | diagonal


def ranked(chunk: Chunk, hashes: Hashes, first: int = 0) -> Ranked:
    """Return the keys of some hashes in order; `first` is the place of the first one."""
    places = np.arange(first, first + len(hashes), dtype=np.uint64)
    packed = chunk.canonical(hashes).astype(np.uint64)
    packed <<= PLACE_BITS
    packed |= places
    packed.sort()
    return packed


@cache
def chunks(width: int, most: int) -> tuple[Chunk, ...]:
    """Return up to `most` chunks of about `width` bits, the low frequencies first.

    Low frequencies differ least between two encodes, so chunks of them, kept together, agree in
    whole more often than chunks of mixed bits.
    """
    # Neighbouring diagonals are mixed: on a single one, of even sum, a half turn negates nothing.
    orbits = sorted(
        ((i, j) for i in range(SIDE) for j in range(i, SIDE)),
        key=lambda at: ((sum(at) + 1) // 2, at[1], at[0]),
    )
    cuts, bits = [0], 0
    for number, (i, j) in enumerate(orbits):
        size = 1 if i == j else 2
        if bits + size > width:
            cuts.append(number)
            bits = 0
        bits += size
    return tuple(_chunk(orbits[start:stop]) for start, stop in pairwise(cuts[: most + 1]))


def _chunk(orbits: Sequence[tuple[int, int]]) -> Chunk:
    upper = [(i, j) for i, j in orbits if i < j]
    wanted = [*upper, *((j, i) for i, j in upper), *((i, j) for i, j in orbits if i == j)]
    adds: dict[int, NDArray[np.uint32]] = {}
    byte_values = np.arange(256)
    for place, (i, j) in enumerate(wanted):
        byte, shift = divmod(SIDE * i + j, 8)
        bit = (byte_values >> (7 - shift) & 1).astype(np.uint32)
        table = adds.setdefault(byte, np.zeros(256, dtype=np.uint32))
        table |= bit << np.uint32(len(wanted) - 1 - place)
    plain = Chunk(
        tuple(sorted(adds.items())), len(upper), len(wanted), np.zeros(len(TURNS), np.uint32)
    )
    masks = np.concatenate([turned(_NOTHING, turn) for turn in TURNS])
    return Chunk(plain.lookup, plain.pairs, plain.bits, plain.of(masks))


_NOTHING: Hashes = np.zeros((1, HASH_BYTES), dtype=np.uint8)


def _exchanges(turn: str) -> bool:
    first_column = np.zeros((1, SIDE, SIDE), dtype=np.uint8)
    first_column[:, :, 0] = 1
    hashes = np.packbits(first_column.reshape(1, -1), axis=1)
    moved = np.unpackbits(turned(hashes, turn) ^ turned(_NOTHING, turn))
    return bool(moved[:SIDE].all())


def _afterwards(first: str, then: str) -> int:
    """Return the turn that two turns, one after the other, come to."""
    picture = np.random.default_rng(0).integers(0, 256, (1, HASH_BYTES), dtype=np.uint8)
    wanted = turned(turned(picture, first), then)
    return next(n for n, turn in enumerate(TURNS) if np.array_equal(turned(picture, turn), wanted))


# Turn -> whether it makes rows of columns.
EXCHANGES: tuple[bool, ...] = tuple(_exchanges(turn) for turn in TURNS)
_THEN = np.array([[_afterwards(first, then) for then in TURNS] for first in TURNS], dtype=np.int64)
_BACK = np.argmin(_THEN, axis=1)  # upright is the turn 0

BETWEEN: NDArray[np.int64] = _THEN[:, _BACK]
"""`BETWEEN[a, b]` is the turn of one picture after which it is another, where turn `a` of the one
and turn `b` of the other have the same key."""
