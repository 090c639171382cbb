"""A film that stands still for a while shows nothing more than its copy does."""

import threading

import numpy as np
import pytest
from match_films import Edit, Film, Times, Waves, clip, film, joined, slides

from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.match.pauses import pauses
from autodedup.engine.match.thresholds import Thresholds

EXACT = Edit(noise=0.0)
SHOWN = ((0.0, 20.25), (24.25, 44.0))  # the seconds on both sides of a gap of four
OF_COPY = ((0.0, 20.25), (20.25, 40.0))


def only(*clips: Clip) -> PairMatch:
    (match,) = find_pairs(
        clips, Thresholds(), report=lambda _done, _total: None, stop=threading.Event()
    )
    return match


def held(source: Film, at: float, seconds: float) -> Film:
    """Return a film that stands still for so many seconds and then goes on."""

    def waves(times: Times) -> Waves:
        return source(np.where(times < at, times, np.maximum(times - seconds, at)))

    return waves


@pytest.mark.parametrize(("at", "seconds"), [(13.3, 3.0), (16.0, 4.0), (24.5, 6.0)])
def test_a_film_that_stands_still_for_a_while_is_near_its_copy(at: float, seconds: float) -> None:
    stuttering = clip(2, held(film(1), at, seconds), 40 + seconds, EXACT)

    match = only(clip(1, film(1), 40), stuttering)

    assert match.relation == "near"
    assert len(match.segments) == 2


def test_a_film_with_a_card_put_in_holds_the_film() -> None:
    with_card, seconds = joined([(film(1), 0, 20), (slides([5]), 0, 4), (film(1), 20, 20)])

    match = only(clip(1, film(1), 40), clip(2, with_card, seconds, EXACT))

    assert (match.relation, match.inner) == ("contains", 1)


def test_a_gap_in_which_the_film_stands_still_is_a_pause() -> None:
    assert pauses(clip(1, held(film(1), 20, 4), 44, EXACT), SHOWN, OF_COPY) == ((20.25, 24.25),)


def test_a_gap_in_which_something_happens_is_none() -> None:
    assert pauses(clip(1, film(1), 44, EXACT), SHOWN, OF_COPY) == ()


def test_a_gap_that_the_copy_has_as_well_is_none() -> None:
    whole = clip(1, held(film(1), 20, 4), 44, EXACT)

    assert pauses(whole, SHOWN, SHOWN) == ()


def test_a_card_is_no_pause() -> None:
    with_card, seconds = joined([(film(1), 0, 20), (slides([5]), 0, 4), (film(1), 20, 20)])

    around = ((0.0, 19.75), (23.75, 44.0))
    whole = clip(1, with_card, seconds, EXACT)

    assert pauses(whole, around, ((0.0, 19.75), (19.75, 40.0))) == ()


def test_a_camera_that_nothing_passes_may_have_missed_something() -> None:
    calm = film(1, stillness=60.0)

    assert pauses(clip(1, held(calm, 20, 4), 44, EXACT), SHOWN, OF_COPY) == ()
