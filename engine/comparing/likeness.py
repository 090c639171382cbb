"""How alike aligned pictures are to the copy network, where edits hide from hashes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding import views
from autodedup.engine.embedding.calibration import VIEWS
from autodedup.engine.embedding.shapes import shape_of
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.signature.copy import copy_model

ALIKE = VIEWS["1 in 10,000"]  # a cosine that frames of different films seldom reach


def cosines(file: NDArray[np.uint8], against: NDArray[np.uint8]) -> list[float] | None:
    """Return how like the n-th picture of one film is to the n-th of the other, as a cosine.

    Both are (N, H, W, 3) uint8 RGB, sizes may differ between them. None where no model runs here.
    """
    try:
        model = copy_model()
    except ModelUnavailableError:
        return None
    mine, its = (views.embed_views(model, _squeezed(pictures)) for pictures in (file, against))
    return [round(float(cosine), 3) for cosine in views.likeness(mine, its).diagonal()]


def _squeezed(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = shape_of(pictures.shape[2], pictures.shape[1])
    box = Image.Resampling.BOX
    return np.stack(
        [np.asarray(Image.fromarray(picture).resize((width, height), box)) for picture in pictures]
    )
