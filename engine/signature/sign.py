"""From a file to its signature on the CPU: probe, look, hash, embed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.runtime import CopyModel
from autodedup.engine.embedding.shapes import FULL, Box
from autodedup.engine.errors import FileError, ModelUnavailableError
from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.media.frames import Look, Progress
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import Seen, opened
from autodedup.engine.media.software import SoftwareSource
from autodedup.engine.signature.bars import Stretch, inset_share, shown_share, stretches
from autodedup.engine.signature.copy import Apart, apart_from, copy_model, embed
from autodedup.engine.signature.model import ANCHORS, Embeddings, SetIn, Signature
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
    why_cpu: str = "the CPU was asked",
) -> Signature:
    """Return the signature of one video file: a function of its bytes and the recipe alone.

    `why_cpu` is told in its route. `report` is told the seconds of film passed so far, often. With
    `embedded` the frames are embedded too; where the model cannot run, they are not, and the notes
    say why.

    Raises:
        FileError: The file cannot be read (`reading.opened`), is no video (`probe`), cannot be
            decoded, or TOO_FEW_FRAMES: nothing but black or flat pictures.
    """
    model, lacking = _model() if embedded else (None, ())
    with opened(path, expected) as file:
        facts = probe(file)
        look = SoftwareSource().look(file, facts, report, colour=model is not None)
    route = DecodeRoute(decoder="pyav", why=why_cpu)
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
    refuse_flat(quality)
    return assembled(
        facts,
        route,
        times_seconds=look.times_seconds,
        seen_seconds=look.seen_seconds,
        shown_share=shown_share(parts, *look.pictures.shape[1:]),
        inset=set_in(parts, *look.pictures.shape[1:]),
        frames=FrameHashes(
            hashes_of(waves),
            _anchor_whashes(look, parts),
            quality,
        ),
        notes=look.notes,
        embeddings=_embeddings(model, look, parts, quality, report),
    )


@dataclass(frozen=True, slots=True, eq=False)
class FrameHashes:
    """What is computed of N frames, on whatever device; shapes as in `Signature`."""

    hashes: NDArray[np.uint8]
    anchor_whashes: NDArray[np.uint64]
    quality: NDArray[np.float32]


def refuse_flat(quality: NDArray[np.float32]) -> None:
    """Refuse a film in which there is nothing to see.

    Raises:
        FileError: TOO_FEW_FRAMES.
    """
    if not (quality >= FLAT).any():
        raise FileError(
            "TOO_FEW_FRAMES",
            f"All {len(quality)} frames looked at are black or flat; there is nothing to compare.",
        )


def assembled(
    facts: MediaFacts,
    route: DecodeRoute,
    *,
    times_seconds: NDArray[np.float64],
    seen_seconds: float,
    shown_share: float,
    inset: SetIn | None,
    frames: FrameHashes,
    notes: tuple[str, ...],
    embeddings: Embeddings | None,
) -> Signature:
    """Return the signature of what was computed, with the anchors of the strict profile."""
    return Signature(
        recipe=RECIPE,
        facts=replace(facts, duration_seconds=facts.duration_seconds or seen_seconds),
        route=route,
        seen_seconds=seen_seconds,
        shown_share=shown_share,
        inset=inset,
        times_seconds=times_seconds,
        hashes=frames.hashes,
        quality=frames.quality,
        anchor_whashes=frames.anchor_whashes,
        notes=notes,
        embeddings=embeddings,
    )


def _anchor_whashes(look: Look, parts: Sequence[Stretch]) -> NDArray[np.uint64]:
    """Return the (3,) wavelet hashes of the anchors, each of what lies between its bars."""
    return np.concatenate([
        whashes(look.pictures[where])
        for where in anchors_of(look.times_seconds, look.seen_seconds, parts)
    ])  # fmt: skip


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
        box = box_of(part, height, width)

        def alive(frames: float, first: int = part.first) -> None:
            report(look.seen_seconds + first + frames)

        mine = slice(part.first, part.past)
        seen = replace(
            look,
            times_seconds=look.times_seconds[mine],
            pictures=look.pictures[mine],
            colours=look.colours[mine],
        )
        apart = apart_of(part, height, width)
        found.append(embed(model, seen, box, quality[mine] >= FAINT, alive, apart=apart))
    return Embeddings(found[0].recipe, np.concatenate([some.rows for some in found]))


def box_of(part: Stretch, height: int, width: int) -> Box:
    """Return where the picture of a stretch is, in shares of the frame's sides."""
    return _box(part.rows, part.columns, height, width)


def apart_of(part: Stretch, height: int, width: int) -> Apart | None:
    """Return where a stretch shows a film within another; None where it does not."""
    if part.inset is None or part.inset.how != "within":
        return None
    inset = _box(part.inset.rows, part.inset.columns, height, width)
    return apart_from((height, width), box_of(part, height, width), inset)


def set_in(parts: Sequence[Stretch], height: int, width: int) -> SetIn | None:
    """Return the film beside another that is shown for most of the time; None if there is none."""
    share = inset_share(parts, height, width)
    longest = max(parts, key=lambda part: (part.past - part.first) * (part.inset is not None))
    if not share or longest.inset is None:
        return None
    apart = apart_of(longest, height, width)
    return SetIn(share, FULL if apart is None else apart.window)


def _box(rows: slice, columns: slice, height: int, width: int) -> Box:
    return columns.start / width, rows.start / height, columns.stop / width, rows.stop / height


def anchors_of(
    times: NDArray[np.float64], seconds: float, parts: Sequence[Stretch]
) -> list[tuple[slice, slice, slice]]:
    """Return where in (N, H, W) pictures the three anchors are: frame, rows and columns.

    They are the frames nearest to the anchors, without their bars; no other has a wavelet hash.
    """
    wanted = np.array(ANCHORS) * seconds
    nearest = np.abs(times[None, :] - wanted[:, None]).argmin(axis=1)
    return [
        (slice(place, place + 1), part.rows, part.columns)
        for place in nearest.tolist()
        for part in parts
        if part.first <= place < part.past
    ]
