"""The views of a frame: which crops are hashed and kept, and which turns cost nothing.

A crop of the picture has a hash of its own, which is stored. A mirror or a quarter turn has not:
the hash of a turned picture follows from the hash of the upright one, bit by bit, because a
turn only swaps and negates the coefficients of its cosine transform.

Layout of a hash: bit `16 * i + j` (the first bit is the highest of byte 0) is set where the
coefficient of vertical frequency `i + 1` and horizontal frequency `j + 1` is positive.
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 16  # frequencies kept in each direction: 16 x 16 bits a hash

# View name -> the centred part of (height, width) that it shows. The narrow ones are what is
# left of a 16:9 film cut to a square, to 4:5 (or a 4:3 film to 9:16), and to a phone's 9:16.
CROPS: dict[str, tuple[float, float]] = {
    "full": (1.0, 1.0),
    "crop90": (0.9, 0.9),
    "crop80": (0.8, 0.8),
    "crop70": (0.7, 0.7),
    "squarer": (1.0, 0.75),
    "tall": (1.0, 9 / 16),
    "slim": (1.0, 0.435),
    "taller": (1.0, (9 / 16) ** 2),
}
VIEWS: tuple[str, ...] = tuple(CROPS)

# Turns are counter-clockwise; `mirrorN` is first mirrored left to right, then turned by N.
TURNS: tuple[str, ...] = (
    "upright",
    "mirror",
    "turn90",
    "turn180",
    "turn270",
    "mirror90",
    "mirror180",
    "mirror270",
)

# Turn -> (rows and columns change places, rows are reversed, columns are reversed). Reversing
# an axis negates its odd frequencies; a quarter turn is the exchange, then a reversal.
_STEPS: dict[str, tuple[bool, bool, bool]] = {
    "upright": (False, False, False),
    "mirror": (False, False, True),
    "turn90": (True, True, False),
    "turn180": (False, True, True),
    "turn270": (True, False, True),
    "mirror90": (True, False, False),
    "mirror180": (False, True, False),
    "mirror270": (True, True, True),
}


def _negated(*, rows: bool, columns: bool) -> NDArray[np.uint8]:
    """Return the (32,) mask of the bits that a reversal of these axes turns over."""
    odd = np.arange(1, SIDE + 1) % 2 == 1
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    if rows:
        mask ^= odd[:, None]
    if columns:
        mask ^= odd[None, :]
    return np.packbits(mask)


_MASKS = {turn: _negated(rows=rows, columns=columns) for turn, (_, rows, columns) in _STEPS.items()}


def turned(hashes: NDArray[np.uint8], turn: str) -> NDArray[np.uint8]:
    """Return the hashes that the same pictures would have, turned.

    Args:
        hashes: (..., 32) uint8, laid out as this module says.
        turn: One of `TURNS`.

    Returns:
        (..., 32) uint8: `hash(turn(picture))` for every `hash(picture)`, up to coefficients that
        are exactly zero (flat pictures).
    """
    exchanged = hashes
    if _STEPS[turn][0]:
        bits = np.unpackbits(hashes, axis=-1).reshape(*hashes.shape[:-1], SIDE, SIDE)
        flat = np.swapaxes(bits, -1, -2).reshape(*hashes.shape[:-1], SIDE * SIDE)
        exchanged = np.packbits(flat, axis=-1)
    return exchanged ^ _MASKS[turn]


def turned_picture(pictures: NDArray[np.uint8], turn: str) -> NDArray[np.uint8]:
    """Return (..., H, W) pictures turned as `turned` does with their hashes."""
    exchange, rows, columns = _STEPS[turn]
    out = np.swapaxes(pictures, -1, -2) if exchange else pictures
    if rows:
        out = out[..., ::-1, :]
    return out[..., ::-1] if columns else out
