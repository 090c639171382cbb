"""Embedding the frames of a film for the copy tier, where its model can run.

The model is loaded when the first film asks for it, once a process; whoever leaves the tier out
loads neither the model nor onnxruntime.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.model_file import read_model
from autodedup.engine.embedding.runtime import DIMENSIONS, SIDE, CopyModel, OnnxModel, load_model
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.media.frames import Progress
from autodedup.engine.signature.model import Embeddings
from autodedup.engine.signature.recipe import embedding_recipe

_BATCH = 32  # frames between two signs of life
Box = tuple[float, float, float, float]  # left, top, right, bottom, in shares of the sides


@dataclass(frozen=True, slots=True)
class CopyState:
    """Whether frames can be embedded here.

    recipe  of the embeddings that would be made; None where none can be
    model   the name of the model's file, where there is one
    why     a sentence: what it is, or what is wrong
    """

    recipe: str | None
    model: str | None
    why: str


def copy_state() -> CopyState:
    """Say whether the copy tier works here, by loading its model as a worker would."""
    name: str | None = None
    try:
        file = read_model()
        name = file.path.name
        OnnxModel(file)
    except ModelUnavailableError as error:
        return CopyState(None, name, error.message)
    why = f"{name} runs in onnxruntime on the CPU."
    return CopyState(embedding_recipe(file.digest), name, why)


@lru_cache(maxsize=1)
def copy_model() -> CopyModel:
    """Return the copy model of this process, loaded at the first call.

    Raises:
        ModelUnavailableError: The model is missing or damaged, or onnxruntime does not run it.
    """
    return load_model()


def embed(
    model: CopyModel,
    colours: NDArray[np.uint8],
    box: Box,
    worth: NDArray[np.bool_],
    report: Progress,
) -> Embeddings:
    """Return the embeddings of a film's frames.

    Args:
        model: What embeds.
        colours: (N, 96, 96, 3) uint8 RGB, as `media.frames.Look` has them.
        box: The part of each picture that lies between bars.
        worth: (N,) which frames are embedded; flat ones are all alike.
        report: Told the number of frames that are done.
    """
    rows = np.zeros((len(colours), DIMENSIONS), dtype=np.int8)
    places = np.flatnonzero(worth)
    for start in range(0, len(places), _BATCH):
        batch = places[start : start + _BATCH]
        rows[batch] = to_bytes(model.embed(_cut(colours[batch], box)))
        report(float(start + len(batch)))
    return Embeddings(embedding_recipe(model.digest), rows)


def _cut(squares: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """Return the boxed part of every square as a square again."""
    if box == (0.0, 0.0, 1.0, 1.0):
        return squares
    left, top, right, bottom = (SIDE * share for share in box)
    part = (left, top, right, bottom)
    return np.stack([
        np.asarray(
            Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BILINEAR, box=part)
        )
        for square in squares
    ])  # fmt: skip
