"""A film under another film is no copy of it; under a logo, a line of text or a border it is."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from autodedup.engine.embedding.shapes import FULL, SMALL, shape_of
from autodedup.engine.embedding.storage import to_bytes
from autodedup.engine.embedding.views import embed_views
from autodedup.engine.footage import picture_edits
from autodedup.engine.footage.film import render_film, render_take
from autodedup.engine.footage.scenes import Frames
from autodedup.engine.match.composites import shows_another
from autodedup.engine.match.laid_over import is_laid_over
from autodedup.engine.match.model import Clip, EmbeddedFrames, Segment
from autodedup.engine.match.sights import ViewPair
from autodedup.engine.signature.copy import copy_model, cut_out

FPS = 2
SECONDS = 24.0
WHOLES = ViewPair(FULL, FULL)
TOP_LEFT = 1  # of `engine.embedding.shapes.VIEWS`
Change = Callable[[Frames], Frames]


@lru_cache
def footage(seed: int) -> Frames:
    return render_film(seed, seconds=SECONDS, fps=FPS).frames


@lru_cache
def take() -> Frames:
    return render_take(3, 4, seconds=SECONDS, fps=FPS).frames


def seen(frames: Frames, *, model: str = "copy1[0123456789abcdef]") -> Clip:
    """Return the clip that a film of these frames is to the matcher, as its embeddings go."""
    shape = shape_of(frames.shape[2], frames.shape[1])
    rows = to_bytes(embed_views(copy_model(), cut_out(frames, (0.0, 0.0, 1.0, 1.0), shape)))
    count = len(frames)
    return Clip(
        key=1,
        seconds=count / FPS,
        size_bytes=1_000_000,
        times_seconds=np.arange(count) / FPS,
        hashes=np.zeros((count, 8, 32), dtype=np.uint8),
        quality=np.full(count, 0.8, dtype=np.float32),
        anchor_whashes=np.zeros(3, dtype=np.uint64),
        embeddings=EmbeddedFrames(model, np.arange(count), rows),
    )


def whole(frames: Frames) -> tuple[Segment, ...]:
    seconds = len(frames) / FPS
    return (Segment(0.0, seconds, 0.0, seconds, 1.0),)


def over(share: float, *, still: bool = False) -> Change:
    """Return the edit that lays another film, or one picture of it, over a part of a film."""

    def change(frames: Frames) -> Frames:
        other = footage(9)[: len(frames)]
        return picture_edits.inside(other[5:6].repeat(len(frames), 0) if still else other, frames,
                                    share=share)  # fmt: skip

    return change


def mirrored_under_another(frames: Frames) -> Frames:
    return picture_edits.mirrored(over(0.45)(frames))


def turned_under_another(frames: Frames) -> Frames:
    return picture_edits.quarter_turned(over(0.45)(frames))


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    "change", [over(0.36), over(0.45), over(0.6), mirrored_under_another, turned_under_another]
)
def test_a_film_over_a_considerable_part_of_another_makes_a_composite(
    change: Change, swapped: bool
) -> None:
    film = footage(5)
    pair = seen(film), seen(change(film))

    assert shows_another(pair[::-1] if swapped else pair, whole(film), WHOLES)


def subtitled(frames: Frames) -> Frames:
    return picture_edits.with_subtitles(frames, ("Nobody told us.", "So be it."), each=2 * FPS)


def cropped(frames: Frames) -> Frames:
    return picture_edits.cropped(frames, 0.15, 0.1, 0.95, 0.9)


def graded_and_grainy(frames: Frames) -> Frames:
    return picture_edits.grained(picture_edits.graded(frames, gamma=1.7), np.random.default_rng(2))


@pytest.mark.parametrize(
    "change",
    [
        over(0.2),
        over(0.26, still=True),
        picture_edits.with_logo,
        subtitled,
        cropped,
        picture_edits.mirrored,
        picture_edits.quarter_turned,
        picture_edits.between_blurred_bars,
        graded_and_grainy,
    ],
)
def test_an_edit_makes_no_composite(change: Change) -> None:
    film = footage(5)

    assert not shows_another((seen(film), seen(change(film))), whole(film), WHOLES)


@pytest.mark.parametrize(
    ("closeness", "laid_over"),
    [
        ((0.88, 0.86, 0.77, 0.75, 0.74, 0.74, 0.70, 0.65, 0.64), False),  # a mirrored crop
        ((0.88, 0.88, 0.88, 0.87, 0.87, 0.86, 0.86, 0.70, 0.64), True),  # a film in a corner
        ((0.95, 0.96, 0.96, 0.84, 0.84, 0.86, 0.70, 0.70, 0.73), False),  # lines of boxed text
        ((0.70, 0.70, 0.73, 0.84, 0.84, 0.86, 0.95, 0.96, 0.96), False),  # at the upper edge
        ((0.95, 0.96, 0.96, 0.84, 0.76, 0.86, 0.80, 0.64, 0.80), True),  # a film in the middle
        ((0.95, 0.96, 0.96, 0.90, 0.90, 0.91, 0.40, 0.40, 0.42), True),  # a strip of another film
    ],
)
def test_in_a_crop_all_windows_are_displaced_and_under_a_film_a_few_are_covered(
    closeness: tuple[float, ...], laid_over: bool
) -> None:
    chance = np.random.default_rng(4)
    film, other = chance.normal(size=(2, 40, SMALL + 1, 128)).astype(np.float32)
    film /= np.linalg.norm(film, axis=2, keepdims=True)
    other /= np.linalg.norm(other, axis=2, keepdims=True)
    share = np.ones(SMALL + 1, dtype=np.float32)
    share[1:10] = closeness
    edit = share[:, None] * film + np.sqrt(1 - share**2)[:, None] * other

    assert is_laid_over(to_bytes(film), to_bytes(edit)) is laid_over


def test_only_the_seconds_that_are_shared_are_looked_at() -> None:
    film = footage(5)
    later = np.concatenate((film[: len(film) // 2], over(0.45)(film)[len(film) // 2 :]))
    pair, half = (seen(film), seen(later)), SECONDS / 2

    assert not shows_another(pair, (Segment(0.0, half, 0.0, half, 1.0),), WHOLES)
    assert shows_another(pair, (Segment(half, SECONDS, half, SECONDS, 1.0),), WHOLES)


def test_too_little_to_look_at_tells_nothing() -> None:
    film = footage(5)
    pair = seen(film), seen(over(0.45)(film))
    brief = (Segment(0.0, 1.5, 0.0, 1.5, 1.0),)

    assert not shows_another(pair, brief, WHOLES)
    assert not shows_another(pair, whole(film), None)
    other_model = seen(film, model="copy1[fedcba9876543210]")
    assert not shows_another((pair[0], other_model), whole(film), WHOLES)


@pytest.mark.parametrize("swapped", [False, True])
def test_a_film_in_a_window_of_another_that_has_cuts_of_its_own_is_an_inset(swapped: bool) -> None:
    talk = seen(picture_edits.inside(take(), footage(5), share=0.6))
    pair, views = (seen(take()), talk), ViewPair(SMALL, TOP_LEFT)
    if swapped:
        pair, views = pair[::-1], ViewPair(TOP_LEFT, SMALL)

    assert shows_another(pair, whole(take()), views)


@pytest.mark.parametrize("frames", [footage, lambda _: take()])
def test_a_crop_is_no_inset_of_the_film_whose_window_shows_it(
    frames: Callable[[int], Frames],
) -> None:
    film = frames(5)
    crop = picture_edits.cropped(film, 0.0, 0.0, 0.6, 0.6)

    assert not shows_another((seen(crop), seen(film)), whole(film), ViewPair(SMALL, TOP_LEFT))


def test_a_film_on_a_still_ground_is_no_inset_in_another_film() -> None:
    film = footage(5)
    ground = footage(9)[5:6].repeat(len(film), 0)
    framed = picture_edits.inside(film, ground, share=0.6)

    assert not shows_another((seen(film), seen(framed)), whole(film), ViewPair(SMALL, TOP_LEFT))
