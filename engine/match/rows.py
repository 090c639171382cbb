"""Very long rows of numbers: each once, and how often. `np.unique` is many times slower."""

import numpy as np
from numpy.typing import NDArray


def distinct(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the values once each, rising."""
    ranked = np.sort(values)
    return ranked[_firsts(ranked)]


def counted(values: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the values once each, rising, and how often each stands in the row."""
    ranked = np.sort(values)
    first = np.flatnonzero(_firsts(ranked))
    return ranked[first], np.diff(first, append=len(ranked))


def _firsts(ranked: NDArray[np.uint64]) -> NDArray[np.bool_]:
    first = np.ones(len(ranked), dtype=bool)
    np.not_equal(ranked[1:], ranked[:-1], out=first[1:])
    return first
