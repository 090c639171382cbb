"""What two clips are to each other, by the seconds that they share."""

import pytest

from autodedup.engine.match.model import Segment
from autodedup.engine.match.relate import is_reversal

MIDDLE = Segment(7.8, 11.3, 7.8, 11.3, 1.0)


def shared(a: float, b: float, seconds: float) -> Segment:
    return Segment(a, a + seconds, b, b + seconds, 1.0)


@pytest.mark.parametrize(
    "segments",
    [
        (shared(1.3, 15.3, 2.6), MIDDLE),
        (shared(15.3, 1.3, 2.6), MIDDLE),
        (shared(1.3, 15.3, 2.6), MIDDLE, shared(15.3, 1.3, 2.6)),
        (shared(0, 20, 5), shared(10, 10, 3), shared(20, 2, 4)),
    ],
)
def test_a_film_played_backwards_is_known_by_the_moments_that_look_alike(
    segments: tuple[Segment, ...],
) -> None:
    assert is_reversal(segments)
    assert is_reversal(tuple(segment.swapped() for segment in reversed(segments)))


@pytest.mark.parametrize(
    "segments",
    [
        (MIDDLE,),
        (shared(0, 10, 10), shared(10, 0, 10)),  # halves that changed places
        (shared(1.3, 17.5, 2.6), MIDDLE),  # a shot that was moved, not mirrored
        (shared(1.3, 1.3, 2.6), MIDDLE),
    ],
)
def test_films_that_share_seconds_otherwise_are_no_reversal(segments: tuple[Segment, ...]) -> None:
    assert not is_reversal(segments)
