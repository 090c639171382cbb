"""Embedding the frames of a film for the copy tier, where its model can run.

The model is loaded when the first film asks for it, once a process; whoever leaves the tier out
loads neither the model nor onnxruntime.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.model_file import read_model
from autodedup.engine.embedding.runtime import DIMENSIONS, CopyModel, OnnxModel, load_model
from autodedup.engine.embedding.shapes import SMALL, VIEWS, Box, Shape, shape_of, window_at
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.embedding.views import embed_views
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.media.frames import Look, Progress
from autodedup.engine.signature.model import Embeddings
from autodedup.engine.signature.recipe import embedding_recipe

_BATCH = 32  # frames between two signs of life
# Short films are looked at many times a second: their hashes cost little, an embedding as much as
# decoding some frames. One a second tells the edits of real clips (docs/performance.md).
_STEPS = ((1 / 4, 3.0), (1 / 2, 8.0), (1.0, math.inf))  # and the longest film, all in seconds
_MOST = 240  # of one film, or half as many again
_NOT_BESIDE = 0.55  # of a step: frames this close, each next to an instant of its own, are one
_STILL_SECONDS = 0.99  # as long as the picture stays as it is
_SAME_SHADES = 1.5  # of 255, on average: a picture that changed by less stayed as it is
_EVERY = 4  # pixels between those that are compared


@dataclass(frozen=True, slots=True)
class Apart:
    """A part of the pictures that shows a film within another, and is embedded by itself as well.

    `window` is the place in `embedding.shapes.VIEWS` of the window next to it, for which it stands.
    """

    box: Box
    window: int


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
    look: Look,
    box: Box,
    worth: NDArray[np.bool_],
    report: Progress,
    *,
    apart: Apart | None = None,
) -> Embeddings:
    """Return the embeddings of a film's frames.

    Args:
        model: What embeds.
        look: The pictures, with their colours.
        box: The part of each picture that lies between bars.
        worth: (N,) which frames may be embedded; flat ones are all alike.
        report: Told the number of frames that are done.
        apart: The part of each picture that shows a film within another, if one does.
    """
    if look.colours is None:
        raise ValueError("the pictures have no colours to embed")
    colours = look.colours
    rows = np.zeros((len(colours), len(VIEWS), DIMENSIONS), dtype=np.int8)
    places = worth_a_look(look.times_seconds, look.pictures, worth)
    displayed = look.pictures.shape[1], look.pictures.shape[2]
    shape = shape_within(displayed, box)
    for start in range(0, len(places), _BATCH):
        batch = places[start : start + _BATCH]
        pictures = cut_out(colours[batch], box, shape)
        rows[batch] = to_bytes(embed_views(model, pictures))
        if apart is not None:
            inset = cut_out(colours[batch], apart.box, shape_within(displayed, apart.box))
            rows[batch, apart.window] = to_bytes(embed_views(model, inset))[:, SMALL]
        report(float(start + len(batch)))
    return Embeddings(embedding_recipe(model.digest), rows)


def worth_a_look(
    times_seconds: NDArray[np.float64], pictures: NDArray[np.uint8], worth: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the places of the frames to embed: some in a second, fewer where nothing moves.

    They lie next to whole multiples of a step, so that two encodes of a film, of which frames at
    other instants were kept, are embedded at nearly the same ones.

    Args:
        times_seconds: (N,), rising.
        pictures: (N, H, W) luma.
        worth: (N,) which frames may be embedded at all.
    """
    step = _step(float(np.ptp(times_seconds)) if len(times_seconds) else 0.0)
    shades = pictures[:, ::_EVERY, ::_EVERY].astype(np.int16)
    taken: list[int] = []
    for place in _nearest(times_seconds, worth, step).tolist():
        passed = times_seconds[place] - times_seconds[taken[-1]] if taken else np.inf
        if passed < _NOT_BESIDE * step:
            continue
        if passed < _STILL_SECONDS and _alike(shades[place], shades[taken[-1]]):
            continue
        taken.append(place)
    return np.array(taken, dtype=np.intp)


def _step(seconds: float) -> float:
    """Return the step for a film of this length; each is a part of all longer ones."""
    step = next(step for step, longest in _STEPS if seconds <= longest)
    return max(step, float(2.0 ** np.rint(np.log2(max(seconds, 1.0) / _MOST))))


def _nearest(
    times_seconds: NDArray[np.float64], worth: NDArray[np.bool_], step: float
) -> NDArray[np.intp]:
    """Return, of the frames that are worth it, those next to whole multiples of the step."""
    places = np.flatnonzero(worth)
    instants = np.rint(times_seconds[places] / step)
    apart = np.abs(times_seconds[places] - instants * step)
    order = np.lexsort((apart, instants))
    nearest: NDArray[np.intp] = places[order[np.diff(instants[order], prepend=-1.0) != 0]]
    return nearest


def shape_within(displayed: Shape, box: Box) -> Shape:
    """Return the shape to embed of the boxed part of a picture.

    `displayed` are height and width of the whole picture, in true proportion.
    """
    left, top, right, bottom = box
    return shape_of((right - left) * displayed[1], (bottom - top) * displayed[0])


def apart_from(displayed: Shape, box: Box, inset: Box) -> Apart:
    """Return the part of pictures that shows a film within another; all in shares of their sides.

    `box` is what lies between bars: the windows are windows of that.
    """
    left, top, right, bottom = box
    across, down = right - left, bottom - top
    within = (
        (inset[0] - left) / across,
        (inset[1] - top) / down,
        (inset[2] - left) / across,
        (inset[3] - top) / down,
    )
    height, width = shape_within(displayed, box)
    return Apart(inset, window_at(within, lying=width >= height))


def cut_out(pictures: NDArray[np.uint8], box: Box, shape: Shape) -> NDArray[np.uint8]:
    """Return the boxed part of (N, H, W, 3) pictures, in another shape."""
    height, width = pictures.shape[1:3]
    if box == (0.0, 0.0, 1.0, 1.0) and (height, width) == shape:
        return pictures
    left, top, right, bottom = box
    part = (width * left, height * top, width * right, height * bottom)
    return np.stack([
        np.asarray(
            Image.fromarray(picture).resize(shape[::-1], Image.Resampling.BILINEAR, box=part)
        )
        for picture in pictures
    ])  # fmt: skip


def _alike(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    return float(np.abs(one - other).mean()) < _SAME_SHADES
