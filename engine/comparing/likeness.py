"""How alike aligned pictures are to the copy network, where edits hide from hashes."""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import VIEWS
from autodedup.engine.embedding.views import embed_views, likeness, squeezed
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.signature.copy import copy_model

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
    mine, its = (embed_views(model, squeezed(pictures)) for pictures in (file, against))
    return [round(min(1.0, float(alike)), 3) for alike in likeness(mine, its).diagonal()]
