"""From a file to its signature: probe, choose a decoder, look, hash, embed."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import CopyModel
from autodedup.engine.errors import FileError, ModelUnavailableError
from autodedup.engine.media.choose import choose_source
from autodedup.engine.media.frames import Look, Progress
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import Seen, opened
from autodedup.engine.signature.copy import copy_model, embed
from autodedup.engine.signature.model import ANCHORS, Embeddings, Signature
from autodedup.engine.signature.perceptual import coefficients, hashes_of, within_bars
from autodedup.engine.signature.quality import FLAT, quality_of
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.wavelet import whashes


def _silent(_seconds: float) -> None:
    """Take a sign of life and tell nobody."""


def sign(
    path: str,
    expected: Seen | None = None,
    report: Progress = _silent,
    *,
    embedded: bool = False,
) -> Signature:
    """Return the signature of one video file: a function of its bytes and the recipe alone.

    `report` is told the seconds of film passed so far, often. With `embedded` the frames are
    embedded too; where the model cannot run, they are not, and the notes say why.

    Raises:
        FileError: The file cannot be read (`reading.opened`), is no video (`probe`), cannot be
            decoded, or TOO_FEW_FRAMES: nothing but black or flat pictures.
    """
    model, lacking = _model() if embedded else (None, ())
    with opened(path, expected) as file:
        facts = probe(file)
        source, route = choose_source(facts)
        look = source.look(file, facts, report, colour=model is not None)
    rows, columns = within_bars(look.pictures)
    pictures = look.pictures[:, rows, columns]
    waves = coefficients(pictures)
    quality = quality_of(waves[:, 0])
    if not (quality >= FLAT).any():
        raise FileError(
            "TOO_FEW_FRAMES",
            f"All {len(quality)} frames looked at are black or flat; there is nothing to compare.",
        )
    small = whashes(pictures)
    return Signature(
        recipe=RECIPE,
        facts=replace(facts, duration_seconds=facts.duration_seconds or look.seen_seconds),
        route=route,
        seen_seconds=look.seen_seconds,
        times_seconds=look.times_seconds,
        hashes=hashes_of(waves),
        whashes=small,
        quality=quality,
        anchor_whashes=small[_nearest(look.times_seconds, look.seen_seconds)],
        notes=look.notes + lacking,
        embeddings=_embeddings(model, look, (rows, columns), quality, report),
    )


def _model() -> tuple[CopyModel | None, tuple[str, ...]]:
    """Return the copy model, or why there is none."""
    try:
        return copy_model(), ()
    except ModelUnavailableError as error:
        return None, (error.message,)


def _embeddings(
    model: CopyModel | None,
    look: Look,
    window: tuple[slice, slice],
    quality: NDArray[np.float32],
    report: Progress,
) -> Embeddings | None:
    """Embed the frames that are not flat; `window` is the part of the pictures between bars."""
    if model is None or look.colours is None:
        return None
    (rows, columns), (height, width) = window, look.pictures.shape[1:]
    box = (
        columns.start / width,
        rows.start / height,
        columns.stop / width,
        rows.stop / height,
    )

    def alive(frames: float) -> None:
        report(look.seen_seconds + frames)

    return embed(model, look.colours, box, quality >= FLAT, alive)


def _nearest(times: NDArray[np.float64], seconds: float) -> NDArray[np.intp]:
    """Return the (3,) indices of the frames nearest to the anchors."""
    wanted = np.array(ANCHORS) * seconds
    nearest: NDArray[np.intp] = np.abs(times[None, :] - wanted[:, None]).argmin(axis=1)
    return nearest
