"""Which shapes frames are squeezed into, and which views of them are embedded.

A crop of a film shows what one of the original's windows shows; a film between bars, in a border
or in a corner of another shows the original in one of its own windows. What is in a window of one
frame is as large as the whole of another at half the size, and so that is embedded too (`small`):
the small whole of either frame is compared with every window of the other, and wholes with
wholes. All come out of one look at the frame.

Mirrors and quarter turns need no view: they do not change the embedding of a whole.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, int]  # height and width in pixels
Box = tuple[float, float, float, float]  # left, top, right, bottom, in shares of the sides

CELL: Final = 16  # pixels of a side that one place of the network's features stands for
# A frame is squeezed into the shape that is next to its own; sides are multiples of 32, so that
# the half of each is a whole number of cells.
_LYING: Final[tuple[Shape, ...]] = ((64, 256), (64, 192), (96, 192), (96, 160), (96, 128))
SHAPES: Final[tuple[Shape, ...]] = (*_LYING, (128, 128), *((w, h) for h, w in _LYING))

# View -> left, top, right, bottom, in shares of the sides, of a frame that is wider than tall.
_FIFTHS: Final = (0.0, 0.2, 0.4)
WINDOWS: Final = {
    "full": (0.0, 0.0, 1.0, 1.0),
    **{f"window {x:.1f} {y:.1f}": (x, y, x + 0.6, y + 0.6) for y in _FIFTHS for x in _FIFTHS},
    "middle": (0.21, 0.0, 0.79, 1.0),
    "left band": (0.0, 0.0, 0.36, 1.0),
    "middle band": (0.32, 0.0, 0.68, 1.0),
    "right band": (0.64, 0.0, 1.0, 1.0),
}
VIEWS: Final = (*WINDOWS, "small")
FULL, SMALL = 0, len(WINDOWS)
BANDS: Final = tuple(number for number, name in enumerate(VIEWS) if name.endswith("band"))


def shape_of(width: float, height: float) -> Shape:
    """Return the shape into which a frame of this width and height is squeezed."""
    aspect = np.log(width / height)
    return min(SHAPES, key=lambda shape: (abs(np.log(shape[1] / shape[0]) - aspect), shape))


def squeezed_shape(pictures: NDArray[np.uint8]) -> Shape:
    """Return the shape of (N, H, W, 3) uint8 pictures, if it is one of those that are embedded.

    Raises:
        ValueError: It is not: a wrong shape would embed nonsense in silence.
    """
    shape = (pictures.shape[1], pictures.shape[2]) if pictures.ndim == 4 else (0, 0)  # noqa: PLR2004
    if shape not in SHAPES or pictures.shape[3] != 3 or pictures.dtype != np.uint8:  # noqa: PLR2004
        raise ValueError(
            "pictures must be (N, H, W, 3) uint8 of one of the shapes of `views.SHAPES`, not "
            f"{pictures.shape} {pictures.dtype}"
        )
    return shape


def in_common(one: Box, other: Box) -> float:
    """Return the area that two parts of a picture have in common."""
    wide = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    tall = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    return wide * tall


def window_at(box: Box, *, lying: bool) -> int:
    """Return the place in `VIEWS` of the window that lies most where a part of a picture does."""
    left, top, right, bottom = box if lying else (box[1], box[0], box[3], box[2])
    shares = []
    for at in tuple(WINDOWS.values())[FULL + 1 :]:
        shared = in_common((left, top, right, bottom), at)
        both = (right - left) * (bottom - top) + (at[2] - at[0]) * (at[3] - at[1])
        shares.append(shared / (both - shared))
    return FULL + 1 + int(np.argmax(shares))


@lru_cache(maxsize=4 * len(SHAPES))
def parts(shape: Shape, cell: int = CELL) -> NDArray[np.float32]:
    """Return (W, P): how much each cell of a picture counts in each window; rows add up to 1."""
    rows, columns = shape[0] // cell, shape[1] // cell
    lying = shape[1] >= shape[0]
    found = []
    for left, top, right, bottom in WINDOWS.values():
        across, down = ((left, right), (top, bottom)) if lying else ((top, bottom), (left, right))
        found.append(np.outer(_inside(*down, rows), _inside(*across, columns)).ravel())
    whole = np.stack(found).astype(np.float32)
    shares: NDArray[np.float32] = whole / whole.sum(axis=1, keepdims=True)
    return shares


def _inside(start: float, end: float, count: int) -> NDArray[np.float64]:
    """Return (count,): the share of each of so many cells that lies from `start` to `end`."""
    edge = np.arange(count + 1) / count
    inside: NDArray[np.float64] = np.minimum(end, edge[1:]) - np.maximum(start, edge[:-1])
    return inside.clip(0.0) * count
