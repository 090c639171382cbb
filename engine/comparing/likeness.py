"""How alike aligned pictures are to the copy network, where edits hide from hashes."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.calibration import WHOLE
from autodedup.engine.embedding.storage import from_bytes
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.media.frames import COLOUR_SIDE
from autodedup.engine.signature.copy import copy_model, embed

ALIKE = WHOLE["1 in 10,000"]  # a cosine that frames of different films seldom reach
_WHOLE_PICTURE = (0.0, 0.0, 1.0, 1.0)


def cosines(file: NDArray[np.uint8], against: NDArray[np.uint8]) -> list[float] | None:
    """Return the cosine of the n-th picture of one film with the n-th of the other.

    Both are (N, H, W, 3) uint8 RGB, sizes may differ between them. None where no model runs here.
    """
    try:
        model = copy_model()
    except ModelUnavailableError:
        return None
    squares = np.stack([_square(picture) for picture in (*file, *against)])
    worth = np.ones(len(squares), dtype=bool)
    rows = from_bytes(embed(model, squares, _WHOLE_PICTURE, worth, _unheard).rows)
    both = rows[: len(file)] * rows[len(file) :]
    return [round(float(cosine), 3) for cosine in both.sum(axis=1)]


def _square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    side = (COLOUR_SIDE, COLOUR_SIDE)
    return np.asarray(Image.fromarray(picture).resize(side, Image.Resampling.BOX))


def _unheard(_frames: float) -> None:
    """A dozen pictures take no time worth telling of."""
