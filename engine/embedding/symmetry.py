"""The eight ways to lay a square picture down, and filters that treat them all alike.

A mirrored or quarter-turned frame is the same frame to us. A network that is built of these
filters answers the same for all eight positions, exactly, before it has learned anything, and
spends its training on the edits that no symmetry can undo.

Source: T. Cohen and M. Welling, Group Equivariant Convolutional Networks, ICML 2016 (group p4m).
"""

import numpy as np
from numpy.typing import NDArray

POSITIONS = 8  # mirrored or not, times four quarter turns


def laid(square: NDArray[np.int64], position: int) -> NDArray[np.int64]:
    """Return the (k, k) square in this position: 0-3 quarter turns, 4-7 mirrored first."""
    mirrored = square[:, ::-1] if position >= 4 else square  # noqa: PLR2004  # the second four
    return np.rot90(mirrored, position % 4)


def filter_table(side: int, *, lifted: bool) -> NDArray[np.int64]:
    """Say which learned number stands where in the eight positions of a filter.

    A filter that reads a picture (`lifted` false) learns `side` x `side` numbers for each pair
    of channels; one that reads the answers of such filters (`lifted` true) learns eight times as
    many, one square for every position of the answer relative to its own.

    Returns:
        (8, side²) int64, or (8, 8, side²) if lifted: axis 0 is the position of the answer, axis 1
        that of what is read; values index the learned numbers.
    """
    cells = side * side
    spin = np.stack([laid(np.arange(cells).reshape(side, side), p).ravel() for p in _all()])
    if not lifted:
        return spin
    return _relative()[:, :, None] * cells + spin[:, None, :]


def _all() -> range:
    return range(POSITIONS)


def _relative() -> NDArray[np.int64]:
    """Return (8, 8): the position that, taken after `a`, gives `b`."""
    mark = np.arange(9).reshape(3, 3)
    table = np.empty((POSITIONS, POSITIONS), np.int64)
    for a in _all():
        for b in _all():
            table[a, b] = next(
                k for k in _all() if np.array_equal(laid(laid(mark, k), a), laid(mark, b))
            )
    return table
