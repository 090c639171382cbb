"""A film that is set into something is found by the seams around it, and nothing else is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.footage.film import Film, render_film, render_take
from autodedup.engine.footage.picture_edits import inside, resized
from autodedup.engine.footage.scenes import Frames
from autodedup.engine.signature.bars import inset_share, shown_share, stretches
from autodedup.engine.signature.insets import Inset, inset

SIZE = (228, 128)
SHARE = 0.55
FOUND = (7, 77, 11, 136)  # where `inside` puts a film of that share: top, bottom, left, right


def luma(frames: Frames) -> NDArray[np.uint8]:
    return (frames @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def place(found: Inset) -> tuple[int, int, int, int]:
    return found.rows.start, found.rows.stop, found.columns.start, found.columns.stop


def frames_of(film: Film) -> Frames:
    return resized(film.frames[::6], SIZE)


@pytest.fixture(scope="module")
def frames(film: Film) -> Frames:
    return frames_of(film)


@pytest.fixture(scope="module")
def other() -> Frames:
    return frames_of(render_film(77, size=(320, 180), seconds=6))


def test_a_film_in_a_still_picture_stands_alone(frames: Frames, other: Frames) -> None:
    found = inset(luma(inside(frames, other[:1], share=SHARE)))

    assert found is not None
    assert found.how == "alone"
    assert place(found) == pytest.approx(FOUND, abs=2)


def test_a_film_that_is_blown_up_behind_itself_stands_alone(frames: Frames) -> None:
    behind = resized(resized(frames, (16, 9)), SIZE)

    found = inset(luma(inside(frames, behind, share=SHARE)))

    assert found is not None
    assert found.how == "alone"
    assert place(found) == pytest.approx(FOUND, abs=2)


def test_a_film_within_another_does_not_stand_alone(frames: Frames, other: Frames) -> None:
    found = inset(luma(inside(frames, other, share=SHARE)))

    assert found is not None
    assert found.how == "within"
    assert place(found) == pytest.approx(FOUND, abs=2)


def captioned(frames: Frames) -> Frames:
    """Return a film below a white page with a caption that changes once."""
    page = np.full((len(frames), 36, SIZE[0], 3), 255, dtype=np.uint8)
    page[: len(frames) // 2, 10:22, 20:120] = 0
    page[len(frames) // 2 :, 10:22, 20:160] = 0
    return np.concatenate([page, frames], axis=1)


def test_a_film_below_a_caption_stands_alone(frames: Frames) -> None:
    found = inset(luma(captioned(frames)))

    assert found is not None
    assert found.how == "alone"
    assert place(found) == pytest.approx((36, 164, 0, 228), abs=2)


def test_a_wall_that_was_filmed_is_no_page(frames: Frames) -> None:
    noise = np.random.default_rng(3).normal(0, 3, (len(frames), 36, SIZE[0], 3))
    wall = np.clip(200 + noise, 0, 255).astype(np.uint8)

    assert inset(luma(np.concatenate([wall, frames], axis=1))) is None


@pytest.mark.parametrize("lying", [True, False])
def test_two_films_side_by_side_are_halves(lying: bool, frames: Frames, other: Frames) -> None:
    axis, half = (2, 114) if lying else (1, 64)
    both = np.concatenate([np.take(each, range(half), axis) for each in (frames, other)], axis)

    found = inset(luma(both))

    assert found is not None
    assert found.how == "half"


@pytest.mark.parametrize("share", [0.15, 0.26, 0.36])
def test_what_is_small_is_a_part_of_the_picture(
    share: float, frames: Frames, other: Frames
) -> None:
    assert inset(luma(inside(frames, other, share=share))) is None


def test_nothing_is_set_into_a_film_or_a_take(frames: Frames, other: Frames) -> None:
    take = frames_of(render_take(3, 4, size=(320, 180), seconds=6, fps=24))

    assert [inset(luma(each)) for each in (frames, other, take)] == [None] * 3


def test_a_few_frames_tell_nothing(frames: Frames, other: Frames) -> None:
    assert inset(luma(inside(frames, other[:1], share=SHARE))[:5]) is None


@pytest.mark.parametrize("shape", [(12, 1, 128), (12, 128, 2), (12, 20, 31)])
def test_a_picture_of_a_few_pixels_tells_nothing(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(1).integers(0, 255, shape, dtype=np.uint8)

    assert inset(noise) is None


def test_what_stands_still_around_a_film_is_cut_away(frames: Frames, other: Frames) -> None:
    pictures = luma(inside(frames, other[:1], share=SHARE))

    (stretch,) = stretches(pictures, np.arange(len(pictures)) / 4)

    found = (stretch.rows.start, stretch.rows.stop, stretch.columns.start, stretch.columns.stop)
    assert found == pytest.approx(FOUND, abs=2)
    assert shown_share([stretch], 128, 228) == pytest.approx(SHARE**2, abs=0.02)
    assert inset_share([stretch], 128, 228) == 0.0


def test_what_moves_around_a_film_is_left_and_told(frames: Frames, other: Frames) -> None:
    pictures = luma(inside(frames, other, share=SHARE))

    (stretch,) = stretches(pictures, np.arange(len(pictures)) / 4)

    assert (stretch.rows, stretch.columns) == (slice(0, 128), slice(0, 228))
    assert shown_share([stretch], 128, 228) == 1.0
    assert inset_share([stretch], 128, 228) == pytest.approx(SHARE**2, abs=0.02)
