"""Hour-long films that share a minute, and films of stills that share a picture."""

import threading

import numpy as np
import pytest
from match_films import Edit, Film, clip, embedded, film, joined, slides

from autodedup.engine.match.align import Line
from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import path_along, tolerance_for

KEYFRAMES = 3.0  # seconds from one to the next


def find(*clips: Clip) -> list[PairMatch]:
    return find_pairs(
        clips, Thresholds(), report=lambda _done, _total: None, stop=threading.Event()
    )


def only(matches: list[PairMatch]) -> PairMatch:
    assert len(matches) == 1
    return matches[0]


def test_a_minute_of_an_hour_is_a_part_of_it_at_its_second() -> None:
    hour = clip(1, film(1), 3600, step=KEYFRAMES)

    match = only(find(hour, clip(2, film(1), 60, Edit(start=1803.37))))

    assert (match.relation, match.inner) == ("contains", 2)
    (segment,) = match.segments
    assert (segment.a_start, segment.a_end) == pytest.approx((1803.37, 1863.37), abs=1)
    assert segment.speed == 1.0


def test_what_shows_two_pictures_of_an_hour_at_their_times_is_a_part_of_it() -> None:
    """An hour is looked at once in seven seconds: of a short part there is no more to see."""
    hour = clip(1, film(1), 3600, step=7.2)

    match = only(find(hour, clip(2, film(1), 12, Edit(start=1805.0), step=0.25)))

    assert (match.relation, match.inner, match.frames) == ("contains", 2, 2)


@pytest.mark.parametrize("apart", [2, 3])
def test_what_shows_two_pictures_of_an_hour_at_other_times_is_no_part_of_it(apart: int) -> None:
    show = slides([*range(100, 350), 5, *range(500, 499 + apart), 6, *range(600, 850)], 7.2)
    other = slides([5, *range(700, 701 + apart), 6], 7.2)
    hour = clip(1, show, 3600, step=7.2)

    for match in find(hour, clip(2, other, 7.2 * (apart + 3), step=0.25)):
        assert match.relation == "overlap"


def test_a_keyframe_is_compared_with_what_follows_it_a_step_later() -> None:
    """It begins a shot: what lies before it in a film looked at twice a second is another."""
    keyframes, dense = np.array([0.0, 7.4, 15.1]), np.arange(0.0, 20.0, 0.5)
    distance = np.full((3, len(dense)), 128, dtype=np.uint8)
    after = np.searchsorted(dense, keyframes)
    distance[np.arange(3), after] = 5
    line = Line(1.0, 0.0, 0.0)

    path = path_along(line, distance, keyframes, dense, tolerance_for(keyframes, dense))

    assert path.bits.tolist() == [5, 5, 5]


@pytest.mark.parametrize("keyframes", [2.0, KEYFRAMES])
def test_an_intro_and_an_advert_of_two_long_films_are_told_to_a_keyframe(
    keyframes: float,
) -> None:
    intro, advert = film(90), film(91)

    def programme(seed: int, before: float) -> tuple[Film, float]:
        own = film(seed)
        parts = [(intro, 0, 45), (own, 0, before), (advert, 0, 30), (own, before, 2000)]
        return joined(parts)

    one, other = programme(1, 800), programme(2, 900)

    match = only(find(clip(1, *one, step=KEYFRAMES), clip(2, *other, step=keyframes)))

    assert (match.relation, match.inner) == ("overlap", None)
    told = [(s.a_start, s.a_end, s.b_start, s.b_end) for s in match.segments]
    assert told[0] == pytest.approx((0, 45, 0, 45), abs=KEYFRAMES)
    assert told[1] == pytest.approx((845, 875, 945, 975), abs=KEYFRAMES)
    assert {segment.speed for segment in match.segments} == {1.0}


@pytest.mark.parametrize("place", [0, 3, 6, 11])
def test_one_still_in_two_slideshows_makes_no_copy(place: int) -> None:
    shows = list(range(1, 13)), list(range(21, 33))
    shows[1][place] = shows[0][3]

    for match in find(*(_shown(n + 1, show) for n, show in enumerate(shows))):
        assert match.relation == "overlap"


def test_the_first_and_the_last_still_of_two_slideshows_are_an_overlap_of_their_seconds() -> None:
    shows = list(range(1, 13)), [1, *range(22, 32), 12]

    match = only(find(*(_shown(n + 1, show) for n, show in enumerate(shows))))

    assert match.relation == "overlap"
    told = [(s.a_start, s.a_end, s.b_start, s.b_end) for s in match.segments]
    assert told == [
        pytest.approx((0, 5, 0, 5), abs=1),
        pytest.approx((55, 60, 55, 60), abs=1),
    ]


def test_the_same_slides_in_another_order_are_not_the_same_show() -> None:
    shows = list(range(1, 13)), [*range(7, 13), *range(1, 7)]

    for match in find(*(_shown(n + 1, show) for n, show in enumerate(shows))):
        assert match.relation == "overlap"


@pytest.mark.parametrize("places", [[5], [2, 8], [3, 4]])
def test_a_show_in_which_other_slides_stand_is_another_show(places: list[int]) -> None:
    shows = list(range(1, 13)), [n + 100 if n - 1 in places else n for n in range(1, 13)]

    match = only(find(*(_shown(n + 1, show, noise=0.03) for n, show in enumerate(shows))))

    assert match.relation == "overlap"
    told = [second for s in match.segments for second in (s.a_start, s.a_end)]
    edges = [second for n in places for second in (5 * n, 5 * n + 5)]
    expected = [second for second in (0, *edges, 60) if edges.count(second) < 2]
    assert told == pytest.approx(expected, abs=1)


def test_the_same_slides_are_the_same_show() -> None:
    shows = list(range(1, 13)), list(range(1, 13))

    assert only(find(*(_shown(n + 1, show) for n, show in enumerate(shows)))).relation == "near"


def _shown(key: int, show: list[int], *, noise: float = 0.15) -> Clip:
    source = slides(show)
    return embedded(clip(key, source, 5.0 * len(show), Edit(noise=noise)), source)
