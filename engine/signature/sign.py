"""From a file to its signature: probe, choose a decoder, look, hash, embed."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import CopyModel
from autodedup.engine.errors import FileError, ModelUnavailableError
from autodedup.engine.media.choose import choose_source
from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.media.frames import Look, Progress
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import Seen, opened
from autodedup.engine.signature.bars import Stretch, stretches
from autodedup.engine.signature.copy import copy_model, embed
from autodedup.engine.signature.model import ANCHORS, Embeddings, Signature
from autodedup.engine.signature.perceptual import coefficients, hashes_of
from autodedup.engine.signature.quality import FAINT, FLAT, quality_of
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
    signature = signature_of(look, facts, route, model, report)
    return replace(signature, notes=signature.notes + lacking)


def signature_of(
    look: Look,
    facts: MediaFacts,
    route: DecodeRoute,
    model: CopyModel | None = None,
    report: Progress = _silent,
) -> Signature:
    """Return the signature of what was looked at; `model` embeds its frames if there is one.

    Raises:
        FileError: TOO_FEW_FRAMES: nothing but black or flat pictures.
    """
    parts = stretches(look.pictures, look.times_seconds)
    shown = [look.pictures[part.first : part.past, part.rows, part.columns] for part in parts]
    waves = np.concatenate([coefficients(pictures) for pictures in shown])
    quality = quality_of(waves[:, 0])
    if not (quality >= FLAT).any():
        raise FileError(
            "TOO_FEW_FRAMES",
            f"All {len(quality)} frames looked at are black or flat; there is nothing to compare.",
        )
    small = np.concatenate([whashes(pictures) for pictures in shown])
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
        notes=look.notes,
        embeddings=_embeddings(model, look, parts, quality, report),
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
    parts: Sequence[Stretch],
    quality: NDArray[np.float32],
    report: Progress,
) -> Embeddings | None:
    """Embed the frames that are not faint, each what lies between its bars."""
    if model is None or look.colours is None:
        return None
    height, width = look.pictures.shape[1:]
    found: list[Embeddings] = []
    for part in parts:
        box = (
            part.columns.start / width,
            part.rows.start / height,
            part.columns.stop / width,
            part.rows.stop / height,
        )

        def alive(frames: float, first: int = part.first) -> None:
            report(look.seen_seconds + first + frames)

        mine = slice(part.first, part.past)
        found.append(embed(model, look.colours[mine], box, quality[mine] >= FAINT, alive))
    return Embeddings(found[0].recipe, np.concatenate([some.rows for some in found]))


def _nearest(times: NDArray[np.float64], seconds: float) -> NDArray[np.intp]:
    """Return the (3,) indices of the frames nearest to the anchors."""
    wanted = np.array(ANCHORS) * seconds
    nearest: NDArray[np.intp] = np.abs(times[None, :] - wanted[:, None]).argmin(axis=1)
    return nearest
