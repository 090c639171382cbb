"""How alike two frames must be: products, and how often those of two different films reach them.

Measured by `evaluate` on drawn films that no training saw, over all edits at once, and rounded
up (docs/embedding-figures.md). A rate is a share of frame pairs: two films of a hundred frames
have ten thousand. Comparing all views gives strangers more chances, hence a scale of its own.
"""

from typing import Final, Literal

Rate = Literal["1 in 1,000", "1 in 10,000", "1 in 100,000", "1 in 1,000,000"]

WHOLE: Final[dict[Rate, float]] = {
    "1 in 1,000": 0.58,
    "1 in 10,000": 0.65,
    "1 in 100,000": 0.70,
    "1 in 1,000,000": 0.73,
}
"""Whole frame against whole frame."""

VIEWS: Final[dict[Rate, float]] = {
    "1 in 1,000": 0.64,
    "1 in 10,000": 0.70,
    "1 in 100,000": 0.75,
    "1 in 1,000,000": 0.79,
}
"""The best of `views.likeness`."""

# Strangers' frames that are alike now and then do no harm: films are told apart by many frames in
# order. Of copies that only the network sees, more are found the earlier frames count as alike;
# the next stricter rate found a third fewer of them (docs/embedding.md).
ALIKE: Final = VIEWS["1 in 1,000"]
"""From here on two frames are taken for alike, in whichever views."""
