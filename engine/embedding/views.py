"""The views of many frames, embedded; and how alike two frames are by all their views."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.runtime import CopyModel, Embeddings
from autodedup.engine.embedding.shapes import (
    BANDS,
    FULL,
    SMALL,
    VIEWS,
    WINDOWS,
    parts,
    shape_of,
    squeezed_shape,
)

# Spread of brightness, of 255, below which a view shows nothing: about what
# `signature.quality.FLAT` stands for. A part of a picture shows less, and so must show it better.
FLAT: Final = 1.75
FLAT_WINDOW: Final = 4.0
_PATCH = 8  # pixels of a side over which brightness is averaged before
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
_MIDDLE: Final = VIEWS.index("middle band")
_BANDS_ERR: Final = 0.05  # of a product


def squeezed(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (N, H, W, 3) frames in the shape that is embedded: each pixel the mean of its area."""
    height, width = shape_of(frames.shape[2], frames.shape[1])
    box = Image.Resampling.BOX
    small = [np.asarray(Image.fromarray(frame).resize((width, height), box)) for frame in frames]
    return np.stack(small)


def embed_views(model: CopyModel, pictures: NDArray[np.uint8]) -> Embeddings:
    """Embed the views of (N, H, W, 3) uint8 RGB frames; what shows nothing is zeros."""
    return model.embed(pictures) * shown(pictures)[:, :, None]


def shown(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return (N, V): whether there is something to see in each view."""
    height, width = squeezed_shape(pictures)
    luma = pictures.astype(np.float32) @ _LUMA
    patches = luma.reshape(len(luma), height // _PATCH, _PATCH, width // _PATCH, _PATCH)
    means = patches.mean(axis=(2, 4)).reshape(len(luma), -1)
    weights = parts((height, width), _PATCH).T
    spread = np.sqrt(np.maximum(means**2 @ weights - (means @ weights) ** 2, 0.0))
    limits = np.full(len(WINDOWS), FLAT_WINDOW, dtype=np.float32)
    limits[FULL] = FLAT
    enough = spread >= limits
    return np.concatenate([enough, enough[:, FULL : FULL + 1]], axis=1)


def likeness(a: Embeddings, b: Embeddings) -> NDArray[np.float32]:
    """Return (N, M) products: the best of whole with whole, and small whole with window.

    A crop of the middle between bars shows the original in neither whole: its middle band is
    compared with the bands of the original. Bands err more often, and must be that much closer.
    """
    best: NDArray[np.float32] = a[:, FULL] @ b[:, FULL].T
    for window in range(SMALL):
        np.maximum(best, a[:, SMALL] @ b[:, window].T, out=best)
        np.maximum(best, a[:, window] @ b[:, SMALL].T, out=best)
    for band in BANDS:
        np.maximum(best, a[:, _MIDDLE] @ b[:, band].T - _BANDS_ERR, out=best)
        np.maximum(best, a[:, band] @ b[:, _MIDDLE].T - _BANDS_ERR, out=best)
    return best
