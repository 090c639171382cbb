"""The views of a frame that are embedded: the whole, and the places where a copy of it may lie.

A crop of a film shows what one of the original's views shows; a film between bars, in a border or
in a corner of another shows the original in one of its own views. So one side is always looked at
whole: the whole of either frame is compared with every view of the other, and nothing else.

Mirrors and turns need no view: they do not change an embedding.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.runtime import DIMENSIONS, SIDE, CopyModel

SHEET: Final = 156  # pixels: the square from which all views are taken; a corner of it has 96

# View -> left, top, right, bottom in the sheet.
BOXES: Final = {
    "full": (0, 0, 156, 156),
    "centre": (30, 30, 126, 126),
    "top left": (0, 0, 96, 96),
    "top right": (60, 0, 156, 96),
    "bottom left": (0, 60, 96, 156),
    "bottom right": (60, 60, 156, 156),
    "column": (34, 0, 122, 156),
    "narrow column": (53, 0, 103, 156),
    "row": (0, 34, 156, 122),
    "narrow row": (0, 53, 156, 103),
}
VIEWS: Final = tuple(BOXES)
# Spread of brightness (see `relief`) below which a picture shows nothing: about what
# `signature.quality.FLAT` stands for. A part of a picture shows less, and so must show it better.
FLAT: Final = 1.75
FLAT_VIEW: Final = 3.5
_PATCHES = 16
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class ViewEmbeddings:
    """(N, V, 128) float32 of unit length, and (N, V) bool: there is something to see in it.

    What shows nothing has an embedding of zeros, which is like nothing.
    """

    embeddings: NDArray[np.float32]
    shown: NDArray[np.bool_]


def embed_views(
    model: CopyModel, sheets: NDArray[np.uint8], views: tuple[str, ...] = VIEWS
) -> ViewEmbeddings:
    """Embed the views of (N, 156, 156, 3) uint8 RGB frames, squeezed as `runtime` says."""
    found = np.zeros((len(sheets), len(views), DIMENSIONS), dtype=np.float32)
    shown = np.empty((len(sheets), len(views)), dtype=bool)
    for number, view in enumerate(views):
        pictures = seen(sheets, view)
        shown[:, number] = relief(pictures) >= (FLAT if view == "full" else FLAT_VIEW)
        mine = shown[:, number]
        found[mine, number] = model.embed(pictures[mine])
    return ViewEmbeddings(found, shown)


def seen(sheets: NDArray[np.uint8], view: str) -> NDArray[np.uint8]:
    """Return (N, 96, 96, 3): what a view shows, each pixel the mean of the area it covers."""
    left, top, right, bottom = BOXES[view]
    if (right - left, bottom - top) == (SIDE, SIDE):
        return np.ascontiguousarray(sheets[:, top:bottom, left:right])
    shown = np.empty((len(sheets), SIDE, SIDE, 3), dtype=np.uint8)
    for number, sheet in enumerate(sheets):
        picture = Image.fromarray(sheet)
        small = picture.resize((SIDE, SIDE), Image.Resampling.BOX, BOXES[view])
        shown[number] = np.asarray(small)
    return shown


def relief(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return (N,) float32: the spread of brightness, of 255, over 16 x 16 patches of each."""
    luma = pictures.astype(np.float32) @ _LUMA
    patch = SIDE // _PATCHES
    means = luma.reshape(-1, _PATCHES, patch, _PATCHES, patch).mean(axis=(2, 4))
    spread: NDArray[np.float32] = means.std(axis=(1, 2))
    return spread


def likeness(a: ViewEmbeddings, b: ViewEmbeddings) -> NDArray[np.float32]:
    """Return (N, M) cosines: the best of one frame's whole and any view of the other.

    Both must have "full" as their first view.
    """
    best: NDArray[np.float32] = a.embeddings[:, 0] @ b.embeddings[:, 0].T
    for view in range(1, a.embeddings.shape[1]):
        np.maximum(best, a.embeddings[:, 0] @ b.embeddings[:, view].T, out=best)
        np.maximum(best, a.embeddings[:, view] @ b.embeddings[:, 0].T, out=best)
    return best
