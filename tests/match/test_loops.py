"""A clip that plays a part of a film over and over is a part of it; what only looks so is not."""

import threading

import numpy as np
import pytest
from match_films import Edit, Film, Times, Waves, clip, film, joined

from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.match.thresholds import Thresholds

BALANCED = Thresholds()
LONGER = joined([(film(9), 0, 8), (film(1), 0, 20)])


def found(*clips: Clip, limits: Thresholds = BALANCED) -> list[PairMatch]:
    return find_pairs(clips, limits, report=lambda _done, _total: None, stop=threading.Event())


def cut(*parts: tuple[Film, float, float]) -> Clip:
    """Return some parts, one after another, re-encoded."""
    return clip(2, *joined(parts), Edit(noise=0.3))


@pytest.mark.parametrize("times", [2, 3, 7])
def test_a_loop_is_a_part_of_a_longer_cut_of_its_film(times: int) -> None:
    (match,) = found(clip(1, *LONGER), cut(*[(film(1), 0, 20)] * times))

    assert (match.relation, match.inner) == ("contains", 2)
    assert len(match.segments) == times
    for number, segment in enumerate(sorted(match.segments, key=lambda s: s.b_start)):
        shown = (segment.a_start, segment.b_start, segment.b_end)
        assert shown == pytest.approx((8, 20 * number, 20 * number + 20), abs=1)


def test_the_first_and_the_last_round_may_be_cut() -> None:
    film_and_loop = clip(1, *LONGER), cut((film(1), 9, 11), (film(1), 0, 20), (film(1), 0, 6))

    (match,) = found(*film_and_loop)

    assert (match.relation, match.inner) == ("contains", 2)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param([(film(1), 0, 20), (film(5), 0, 6), (film(1), 0, 20)], id="a break"),
        pytest.param([(film(1), 0, 20), (film(1), 4, 9), (film(1), 0, 20)], id="a part of a round"),
        pytest.param([(film(1), 0, 20), (film(1), 0, 20), (film(6), 0, 8)], id="another end"),
    ],
)
def test_what_shows_something_else_as_well_only_overlaps(
    parts: list[tuple[Film, float, float]],
) -> None:
    (match,) = found(clip(1, *LONGER), cut(*parts))

    assert match.relation == "overlap"


def test_a_film_and_a_scene_of_one_that_it_repeats_are_told_as_before() -> None:
    (match,) = found(clip(1, film(1), 20), cut(*[(film(1), 0, 20)] * 3))

    assert (match.relation, match.inner) == ("contains", 1)


def test_a_speaker_who_is_alike_all_along_is_no_loop() -> None:
    def speaking(seed: int) -> Film:
        def waves(times: Times) -> Waves:
            return film(3, stillness=3.0)(np.zeros_like(times)) + 0.5 * film(seed)(times)

        return waves

    talk = joined([(film(9), 0, 8), (speaking(1), 0, 20)])

    matches = found(clip(1, *talk), clip(2, speaking(2), 60), clip(3, speaking(1), 60))

    assert not [match for match in matches if match.inner in {2, 3}]


def test_strictly_a_loop_is_an_overlap() -> None:
    strict = BALANCED.of_profile("strict")

    (match,) = found(clip(1, *LONGER), cut(*[(film(1), 0, 20)] * 3), limits=strict)

    assert match.relation == "overlap"
