"""Films rendered by the project are the same on every render, move, and differ by seed."""

import itertools

import numpy as np
import pytest

from autodedup.engine.footage.film import cut_out, joined, render_film, render_take
from autodedup.engine.footage.grounds import collage, ground
from autodedup.engine.footage.scenes import SceneKind, render_shot
from autodedup.engine.footage.sound import SAMPLE_RATE, render_sound

SMALL = (160, 90)
MOVING: tuple[SceneKind, ...] = ("pan", "sprites", "card", "talk", "night")


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean absolute difference in levels of 255."""
    return float(np.abs(one.astype(np.int16) - other.astype(np.int16)).mean())


def test_one_seed_is_one_film() -> None:
    first, again = (render_film(5, size=SMALL, seconds=5, fps=8) for _ in range(2))

    assert np.array_equal(first.frames, again.frames)
    assert np.array_equal(first.sound, again.sound)


def test_another_seed_is_another_film() -> None:
    one, other = (render_film(seed, size=SMALL, seconds=5, fps=8) for seed in (5, 6))

    assert difference(one.frames, other.frames) > 30
    assert not np.array_equal(one.sound, other.sound)


def test_a_seed_shows_the_same_at_another_size() -> None:
    small = render_film(5, size=SMALL, seconds=5, fps=4)
    large = render_film(5, size=(320, 180), seconds=5, fps=4)
    halved = large.frames.reshape(-1, 90, 2, 160, 2, 3).mean(axis=(2, 4))

    assert difference(small.frames, halved) < 12


@pytest.mark.parametrize("kind", MOVING)
def test_pictures_of_a_shot_change_from_second_to_second(kind: SceneKind) -> None:
    shot = render_shot(kind, (3, 1), SMALL, np.arange(3.0))

    assert shot.shape == (3, 90, 160, 3)
    assert shot.dtype == np.uint8
    assert all(difference(a, b) > 0.2 for a, b in itertools.pairwise(shot))


def test_a_test_card_stands_still_and_is_the_same_for_every_seed() -> None:
    one, other = (render_shot("test_card", (seed,), SMALL, np.arange(2.0)) for seed in (1, 2))

    assert np.array_equal(one[0], one[1])
    assert np.array_equal(one, other)


def test_a_film_is_cut_every_few_seconds() -> None:
    film = render_film(5, size=SMALL, seconds=16, fps=8)
    steps = np.abs(np.diff(film.frames.astype(np.int16), axis=0)).mean(axis=(1, 2, 3))

    cuts = np.nonzero(steps > 25)[0]
    assert 3 <= len(cuts) <= 7


def test_two_people_in_one_room_share_the_room() -> None:
    one, other = (render_take(1, person, size=SMALL, seconds=2, fps=4) for person in (1, 2))

    changed = (one.frames != other.frames).any(axis=3).mean()
    assert 0.05 < changed < 0.5


def test_a_night_scene_is_dark_but_not_black() -> None:
    shot = render_shot("night", (3, 1), SMALL, np.arange(2.0))

    assert 8 < shot.mean() < 30


def test_sound_is_as_long_as_asked_and_uses_the_range() -> None:
    sound = render_sound((1, 2), 3.3)

    assert len(sound) == round(3.3 * SAMPLE_RATE)
    assert 2_000 < np.abs(sound).max() < 20_000


def test_a_film_cut_in_two_and_joined_is_the_film() -> None:
    film = render_film(5, size=SMALL, seconds=4, fps=8)

    whole = joined(cut_out(film, 0, 1.5), cut_out(film, 1.5, 4))

    assert np.array_equal(whole.frames, film.frames)
    assert np.array_equal(whole.sound, film.sound)


def test_films_of_different_rates_are_not_joined() -> None:
    slow, fast = (render_film(5, size=SMALL, seconds=1, fps=fps) for fps in (4, 8))

    with pytest.raises(ValueError, match="one frame rate"):
        joined(slow, fast)


@pytest.mark.parametrize("kind", ["gradient", "clouds", "fractal", "waves", "tiles"])
def test_every_ground_has_contrast(kind: str) -> None:
    picture = ground(np.random.default_rng(4), SMALL, kind)

    assert picture.shape == (90, 160, 3)
    assert picture.std() > 15


def test_collages_of_two_seeds_differ() -> None:
    one, other = (collage(np.random.default_rng(seed), SMALL) for seed in (1, 2))

    assert difference(one, other) > 30
