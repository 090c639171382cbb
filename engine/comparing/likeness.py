"""How alike aligned pictures are to the copy network, where edits hide from hashes."""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.comparing.shown import luma_of, shown_long_enough, stretches_of
from autodedup.engine.embedding.calibration import VIEWS
from autodedup.engine.embedding.runtime import CopyModel, Embeddings
from autodedup.engine.embedding.shapes import SMALL
from autodedup.engine.embedding.views import embed_views, likeness, squeezed
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.signature.copy import copy_model
from autodedup.engine.signature.sign import apart_of

ALIKE = VIEWS["1 in 10,000"]  # what frames of different films seldom reach


def cosines(file: NDArray[np.uint8], against: NDArray[np.uint8]) -> list[float] | None:
    """Return how like the n-th picture of one film is to the n-th of the other, at most 1.

    It is the cosine that `ALIKE` counts, less for pictures that many are like, even for one and the
    same of these. Both are (N, H, W, 3) uint8 RGB, sizes may differ between them. None where no
    model runs here.
    """
    try:
        model = copy_model()
    except ModelUnavailableError:
        return None
    mine, its = (_embedded(model, pictures) for pictures in (file, against))
    return [round(min(1.0, float(alike)), 3) for alike in likeness(mine, its).diagonal()]


def _embedded(model: CopyModel, pictures: NDArray[np.uint8]) -> Embeddings:
    """Embed pictures as a signature does: a film within another by itself as well."""
    rows = embed_views(model, squeezed(pictures))
    shown, times = shown_long_enough(luma_of(pictures))
    height, width = pictures.shape[1:3]
    for part in stretches_of(shown):
        if (apart := apart_of(part, height, width)) is not None and part.inset is not None:
            # Each picture is shown several times.
            mine = slice(-(-part.first // times), -(-part.past // times))
            inset = embed_views(
                model, squeezed(pictures[mine][:, part.inset.rows, part.inset.columns])
            )
            rows[mine, apart.window] = inset[:, SMALL]
    return rows
