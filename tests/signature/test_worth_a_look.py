"""Which frames are embedded: enough of every film, and no more than tell it from others."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.signature.copy import worth_a_look


def times_taken(seconds: float, step: float, *, still: bool = False) -> NDArray[np.float64]:
    times = np.arange(0, seconds, step)
    pictures = np.zeros((len(times), 8, 8), dtype=np.uint8) if still else changing(len(times))
    return times[worth_a_look(times, pictures, np.ones(len(times), dtype=np.bool_))]


def changing(count: int) -> NDArray[np.uint8]:
    shades = (np.arange(count) * 20 % 250).astype(np.uint8)
    return np.broadcast_to(shades[:, None, None], (count, 8, 8))


@pytest.mark.parametrize(
    ("seconds", "step", "least", "most"),
    [
        (0.5, 1 / 32, 2, 4),
        (2.0, 1 / 16, 7, 9),
        (8.0, 1 / 8, 14, 17),
        (9.0, 1 / 8, 8, 10),
        (60.0, 1 / 2, 60, 60),
    ],
)
def test_short_films_are_embedded_more_densely(
    seconds: float, step: float, least: int, most: int
) -> None:
    assert least <= len(times_taken(seconds, step)) <= most


def test_two_encodes_of_a_film_are_embedded_at_nearly_the_same_instants() -> None:
    one = np.arange(0, 20, 0.25)
    # A second encode shows nothing shortly before its keyframes.
    other = one[(one % 2.5 < 1.75) | (one % 2.5 == 0)]
    mine, its = (
        times[worth_a_look(times, changing(len(times)), np.ones(len(times), dtype=np.bool_))]
        for times in (one, other)
    )

    apart = np.abs(mine[:, None] - its[None]).min(axis=1)
    assert (apart <= 0.25).mean() >= 0.7


def test_however_long_a_film_is_so_many_frames_are_embedded_at_most() -> None:
    ten_minutes, two_hours = times_taken(600.0, 2.5), times_taken(7200.0, 2.5)

    assert 200 <= len(ten_minutes) <= 241
    assert 200 <= len(two_hours) <= 241
    assert np.diff(two_hours).max() < 40.0


def test_a_picture_that_stays_is_embedded_once_a_second() -> None:
    taken = times_taken(20.0, 1 / 4, still=True)

    assert np.diff(taken).min() >= 0.99


def test_frames_that_are_not_worth_it_are_passed_over() -> None:
    times = np.arange(0, 10, 0.5)
    pictures = np.zeros((len(times), 8, 8), dtype=np.uint8)
    faint = times < 5

    taken = worth_a_look(times, pictures, ~faint)

    assert len(taken)
    assert times[taken].min() == 5.0
