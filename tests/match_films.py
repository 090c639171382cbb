"""Made-up films as the matcher sees them: hashes and embeddings that behave like real ones.

A film is a function of time: scenes of three seconds, each with cosine coefficients that drift.
A copy asks the same function at other times, adds noise, and signs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding import shapes
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.match.model import Clip, EmbeddedFrames
from autodedup.engine.signature.views import VIEWS, turned

Times = NDArray[np.float64]
Waves = NDArray[np.float64]  # (N, 256) coefficients
Film = Callable[[Times], Waves]

SCENE_SECONDS = 3.0
MODEL = "copy1[0123456789abcdef]"


def film(seed: int, *, stillness: float = 0.0, backdrop: int = 0) -> Film:
    """Return a film of its own; with `stillness` its pictures stand before a fixed backdrop."""
    still = np.random.default_rng(10_000 + backdrop).normal(size=256)

    def waves(times: Times) -> Waves:
        scene, inside = np.divmod(times, SCENE_SECONDS)
        out = np.empty((len(times), 256))
        for number in np.unique(scene).tolist():
            chance = np.random.default_rng((seed, int(number) + 1000))
            start, drift = chance.normal(size=(2, 256))
            here = scene == number
            out[here] = start + 0.6 * inside[here, None] * drift + stillness * still
        return out

    return waves


def slides(pictures: Sequence[int], seconds: float = 5.0) -> Film:
    """Return a film of stills, each shown so many seconds; equal numbers are one picture."""

    def waves(times: Times) -> Waves:
        place = np.minimum(times // seconds, len(pictures) - 1).astype(int)
        return np.stack([np.random.default_rng((7, pictures[n])).normal(size=256) for n in place])

    return waves


def joined(parts: Sequence[tuple[Film, float, float]]) -> tuple[Film, float]:
    """Return films one after another, each as (film, from, seconds), and their length."""

    def waves(times: Times) -> Waves:
        out = np.zeros((len(times), 256))
        begin = 0.0
        for part, start, seconds in parts:
            inside = (times >= begin - 1e-9) & (times < begin + seconds - 1e-9)
            out[inside] = part(times[inside] - begin + start)
            begin += seconds
        return out

    return waves, sum(seconds for _, _, seconds in parts)


@dataclass(frozen=True)
class Edit:
    """What was done to a copy: times are of the film, `turn` and `crop` of the picture.

    With `hidden` the picture was edited so that no hash knows it again, but embeddings do, up to
    `blur`: how much of an embedding is noise. `window` is the view of the film's frames that the
    copy shows, as embeddings see it.
    """

    start: float = 0.0
    speed: float = 1.0
    noise: float = 0.15
    turn: str = "upright"
    crop: str = "full"
    hidden: bool = False
    blur: float = 0.3
    window: int = shapes.FULL


def clip(
    key: int, source: Film, seconds: float, edit: Edit | None = None, *, step: float = 0.5
) -> Clip:
    """Return `seconds` of a film as a signed clip, edited."""
    edit = edit or Edit()
    times = np.arange(0.0, seconds, step)
    at = edit.start + times * edit.speed
    chance = np.random.default_rng(key)
    whole = source(at)
    # What a crop shows is related to the whole, and to the crop of a copy, by the film alone.
    views = [whole, *(_crop(whole, view) for view in VIEWS[1:])]
    if edit.crop != "full":
        views = [
            views[VIEWS.index(edit.crop)],
            *(chance.normal(size=whole.shape) for _ in VIEWS[1:]),
        ]
    if edit.hidden:
        veil = np.random.default_rng(key + 999).choice((-1.0, 1.0), size=(len(views), 256))
        views = [view * signs for view, signs in zip(views, veil, strict=True)]
    noisy = [view + edit.noise * chance.normal(size=view.shape) for view in views]
    hashes = np.stack([np.packbits(view > 0, axis=1) for view in noisy], axis=1)
    return Clip(
        key=key,
        seconds=seconds,
        size_bytes=1_000_000,
        times_seconds=times,
        hashes=turned(hashes, edit.turn),
        quality=np.full(len(times), 0.8, dtype=np.float32),
        anchor_whashes=np.array([1, 2, 3], dtype=np.uint64),
    )


def embedded(whole: Clip, source: Film, edit: Edit | None = None, *, model: str = MODEL) -> Clip:
    """Return the clip with the embeddings that its frames would have."""
    edit = edit or Edit()
    waves = source(edit.start + whole.times_seconds * edit.speed)
    chance = np.random.default_rng(whole.key + 77)
    # Each view shows another part of the film; the small whole shows what the whole shows.
    kept = [_shown(waves, view, edit.window) for view in range(shapes.SMALL)]
    views = np.stack([*kept, kept[shapes.FULL]], axis=1)
    noise = chance.normal(size=views.shape)
    views += edit.blur * noise / np.linalg.norm(noise, axis=2, keepdims=True)
    views /= np.linalg.norm(views, axis=2, keepdims=True)
    kept_as = to_bytes(views.astype(np.float32))
    return replace(whole, embeddings=EmbeddedFrames(model, np.arange(len(kept_as)), kept_as))


def _shown(waves: Waves, view: int, window: int) -> Waves:
    """Return (N, 128) of unit length: what a view of a copy that shows this window embeds."""
    seen = waves @ np.random.default_rng((5, window, view)).normal(size=(256, 128))
    if view == shapes.FULL:
        seen = waves @ np.random.default_rng((5, shapes.FULL, window)).normal(size=(256, 128))
    length = np.linalg.norm(seen, axis=1, keepdims=True)
    unit: Waves = seen / length
    return unit


def flattened(whole: Clip, until: float) -> Clip:
    """Return a clip whose frames before `until` seconds are black."""
    return replace(
        whole,
        quality=np.where(whole.times_seconds < until, 0.0, whole.quality).astype(np.float32),
    )


def _crop(whole: Waves, view: str) -> Waves:
    mixed = np.random.default_rng(VIEWS.index(view)).permutation(256)
    crop: Waves = whole[:, mixed]
    return crop
