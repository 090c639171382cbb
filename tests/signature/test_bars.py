"""Bars and borders are cut away where they are, and nothing else is taken for one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.footage.film import Film, render_film
from autodedup.engine.footage.picture_edits import between_blurred_bars, padded, resized
from autodedup.engine.footage.scenes import Frames
from autodedup.engine.signature.bars import Stretch, shown_share, stretches

FPS = 4
Pictures = NDArray[np.uint8]


def luma(frames: Frames) -> Pictures:
    return (frames @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)


def cut(pictures: Pictures) -> list[Stretch]:
    return stretches(pictures, np.arange(len(pictures)) / FPS)


def box(stretch: Stretch) -> tuple[int, int, int, int]:
    return stretch.rows.start, stretch.rows.stop, stretch.columns.start, stretch.columns.stop


@pytest.fixture(scope="module")
def frames(film: Film) -> Frames:
    """Twenty-four frames of a film, 90 by 160."""
    return resized(film.frames[::6], (160, 90))


@pytest.mark.parametrize(
    ("sides", "ends", "fill"),
    [
        (0.0, 1 / 6, (0, 0, 0)),
        (0.2, 0.0, (16, 16, 16)),
        (0.1, 0.1, (190, 30, 60)),
        (0.05, 0.2, (255, 255, 255)),
    ],
)
def test_bars_of_any_shade_are_cut_away(
    sides: float, ends: float, fill: tuple[int, int, int], frames: Frames
) -> None:
    barred = luma(padded(frames, sides=sides, ends=ends, fill=fill))
    above, beside = (barred.shape[1] - 90) // 2, (barred.shape[2] - 160) // 2

    (stretch,) = cut(barred)

    assert box(stretch) == pytest.approx((above, above + 90, beside, beside + 160), abs=1)


def test_a_picture_without_bars_is_left_whole(frames: Frames) -> None:
    (stretch,) = cut(luma(frames))
    assert box(stretch) == (0, 90, 0, 160)


def test_bars_that_begin_after_an_intro_are_cut_from_there_on(frames: Frames) -> None:
    intro = resized(render_film(77, size=(320, 180), seconds=3).frames[::6], (160, 90))
    boxed = resized(padded(frames, ends=1 / 4), (160, 90))

    first, second = cut(luma(np.concatenate((intro, boxed))))

    assert first.past == second.first == pytest.approx(len(intro), abs=1)
    assert box(first) == (0, 90, 0, 160)
    assert box(second) == pytest.approx((15, 75, 0, 160), abs=1)


def test_how_much_of_the_frame_is_shown_is_told_of_most_of_the_film(frames: Frames) -> None:
    intro = resized(render_film(77, size=(320, 180), seconds=3).frames[::6], (160, 90))
    canvas = padded(frames, ends=1 / 6)
    whole = resized(intro, (canvas.shape[2], canvas.shape[1]))
    barred = luma(np.concatenate([whole, canvas]))

    for pictures, expected in ((barred, 90 / 118), (luma(frames), 1.0)):
        share = shown_share(cut(pictures), *pictures.shape[1:])
        assert share == pytest.approx(expected, abs=0.02 * (expected < 1))


def test_a_black_pause_between_bars_does_not_end_them(frames: Frames) -> None:
    barred = luma(padded(frames, ends=1 / 6))
    barred[8:14] = 16

    (stretch,) = cut(barred)

    assert stretch.rows == slice(14, 104)


def test_a_dark_scene_and_a_dark_corner_are_no_bars(frames: Frames) -> None:
    across = np.abs(np.linspace(-1.0, 1.0, 160))
    vignette = np.clip(1.2 - 1.3 * across, 0.0, 1.0)
    dark = (luma(frames) * vignette).astype(np.uint8)

    assert [box(stretch) for stretch in cut(dark)] == [(0, 90, 0, 160)]


def test_a_line_of_text_on_black_is_not_a_picture_between_bars() -> None:
    card = np.full((24, 90, 160), 16, dtype=np.uint8)
    rng = np.random.default_rng(4)
    for x in range(30, 130, 8):  # letters, each with strokes and gaps
        card[:, 40:50, x : x + 6] = 235 * (rng.random((10, 6)) < 0.5)

    assert [box(stretch) for stretch in cut(card)] == [(0, 90, 0, 160)]


@pytest.mark.parametrize("width", [3, 14])
def test_a_bar_on_one_side_is_a_page_if_it_is_no_strip(width: int, frames: Frames) -> None:
    lopsided = luma(padded(frames, ends=1 / 6))[:, 14 : 14 + 90 + width]
    (stretch,) = cut(lopsided)
    assert box(stretch) == pytest.approx((0, 90 + (3 if width == 3 else 0), 0, 160), abs=1)


def test_the_sharp_picture_between_blurred_bars_is_cut_out(frames: Frames) -> None:
    (stretch,) = cut(luma(between_blurred_bars(frames)))

    left = (160 - 50) // 2
    assert box(stretch) == pytest.approx((0, 90, left, left + 50), abs=1)


def test_a_film_that_is_black_all_over_is_left_as_it_is() -> None:
    assert [box(stretch) for stretch in cut(np.full((3, 90, 160), 10, np.uint8))] == [
        (0, 90, 0, 160)
    ]


def test_two_frames_are_enough_to_see_bars(frames: Frames) -> None:
    (stretch,) = cut(luma(padded(frames[:2], ends=1 / 6)))
    assert stretch.rows == slice(14, 104)
