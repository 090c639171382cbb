"""What embeddings add to the hashes: copies that no hash sees, and nothing that is merely alike."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from match_films import Edit, Film, Times, Waves, clip, embedded, film, joined

from autodedup.engine.embedding import shapes
from autodedup.engine.match import neighbours
from autodedup.engine.match.compare import compare
from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.frames import frame_table
from autodedup.engine.match.judge import judge_embedded
from autodedup.engine.match.model import Clip, Crop, PairMatch, Segment
from autodedup.engine.match.sights import EMBEDDED_VIEW, ViewPair, cosine_of
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import Witness

HIDDEN = Edit(hidden=True)


def seen(key: int, source: Film, seconds: float, edit: Edit | None = None, **how: str) -> Clip:
    return embedded(clip(key, source, seconds, edit), source, edit, **how)


def find(*clips: Clip, like: int | None = None) -> list[PairMatch]:
    return find_pairs(
        clips, Thresholds(), report=lambda _done, _total: None, stop=threading.Event(), like=like
    )


def only(matches: list[PairMatch]) -> PairMatch:
    assert len(matches) == 1
    return matches[0]


def test_a_copy_that_no_hash_sees_is_found_by_its_embeddings() -> None:
    original, copy = seen(1, film(1), 30), seen(2, film(1), 30, HIDDEN)

    match = only(find(original, copy, seen(3, film(2), 30)))

    assert (match.a, match.b, match.relation, match.view) == (1, 2, "near", EMBEDDED_VIEW)
    assert cosine_of(match.mean_bits) > 0.8
    assert find(clip(1, film(1), 30), clip(2, film(1), 30, HIDDEN)) == []


@pytest.mark.parametrize("window", [1, shapes.SMALL - 1])
@pytest.mark.parametrize("crop_first", [False, True])
def test_a_crop_is_found_by_the_window_that_shows_it_on_either_side(
    window: int, crop_first: bool
) -> None:
    crop = Edit(hidden=True, window=window)
    clips = [seen(1, film(1), 30), seen(2, film(1), 30, crop)]

    (pair,) = neighbours_of(clips[::-1] if crop_first else clips).items()

    small_and_window = (
        ViewPair(shapes.SMALL, window) if crop_first else ViewPair(window, shapes.SMALL)
    )
    assert pair == ((0, 1), neighbours.Near(1.0, (small_and_window,)))
    assert only(find(*clips, seen(3, film(2), 30))).relation == "near"


def test_what_hashes_are_sure_of_is_told_by_them() -> None:
    match = only(find(seen(1, film(1), 30), seen(2, film(1), 30)))

    assert (match.relation, match.view) == ("near", "full")


def test_a_hidden_trim_is_told_with_its_seconds() -> None:
    edit = Edit(start=5.37, hidden=True)

    match = only(find(seen(1, film(1), 40), seen(2, film(1), 20, edit)))

    assert (match.relation, match.inner) == ("contains", 2)
    assert match.segments[0].a_start - match.segments[0].b_start == pytest.approx(5.37, abs=0.5)


def test_unrelated_films_are_not_mentioned() -> None:
    assert find(*(seen(n, film(n), 40, HIDDEN) for n in range(1, 9))) == []


def test_a_film_played_backwards_is_not_a_copy() -> None:
    def backwards(times: Times) -> Waves:
        return film(1)(40.0 - times)

    assert find(seen(1, film(1), 40), seen(2, backwards, 40, HIDDEN)) == []


@pytest.mark.parametrize("stillness", [1.5, 2.5, 4.0])
@pytest.mark.parametrize("seconds", [6, 20])
def test_takes_before_one_backdrop_are_not_copies(stillness: float, seconds: float) -> None:
    takes = [seen(n, film(n, stillness=stillness), seconds, HIDDEN) for n in (1, 2, 3)]

    assert neighbours_of(takes), "they must lie close, or nothing is shown"
    assert find(*takes) == []


def test_a_film_that_stands_still_is_not_taken_for_another_by_embeddings() -> None:
    def still(seed: int) -> Film:
        def waves(times: Times) -> Waves:
            rest = np.random.default_rng(3).normal(size=256)
            return rest + 0.02 * np.random.default_rng(seed).normal(size=(len(times), 256))

        return waves

    takes = [seen(n, still(n), 20, HIDDEN) for n in (1, 2)]

    assert neighbours_of(takes)
    assert find(*takes) == []


def test_a_few_seconds_that_move_much_alike_are_not_enough() -> None:
    """Two versions of one short logo: in time with each other, and not the same."""
    logo, other = film(1), film(2)

    def version(times: Times) -> Waves:
        return logo(times) + 0.4 * other(times)

    short = seen(1, logo, 5), seen(2, version, 5, Edit(hidden=True, blur=0.5))
    long = seen(3, film(3), 20), seen(4, film(3), 20, Edit(hidden=True, blur=0.5))

    assert find(*short) == []
    assert only(find(*long)).relation == "near"


@pytest.mark.parametrize(("seconds", "step"), [(6, 0.25), (6, 0.75), (7.8, 1.0)])
def test_a_few_seconds_that_lie_close_nowhere_else_are_a_copy(seconds: float, step: float) -> None:
    original, copy = (
        embedded(clip(n, film(1), seconds, edit, step=step), film(1), edit)
        for n, edit in ((1, Edit()), (2, Edit(hidden=True, blur=0.6)))
    )

    match = only(find(original, copy))

    assert (match.relation, match.view) == ("near", EMBEDDED_VIEW)


def witnessed(
    mean_bits: float, contrast: float, motion: float, half_motion: float = float("nan")
) -> Witness:
    return Witness(
        frames=16,
        scenes=16,
        agreement=1.0,
        mean_bits=mean_bits,
        high_bits=mean_bits + 2,
        worst_bits=mean_bits + 10,
        elsewhere=mean_bits + contrast,
        motion=motion,
        half_motion=half_motion,
    )


@pytest.mark.parametrize(
    ("witness", "verdict"),
    [
        (witnessed(13.0, 18.0, 0.56), "nothing"),  # two games on one level
        (witnessed(26.0, 22.0, 0.63), "nothing"),  # two more
        (witnessed(45.0, 8.0, 0.68), "act"),  # a calm film between bars
        (witnessed(45.0, 3.0, 0.68), "nothing"),
        (witnessed(13.0, 28.0, 0.81), "act"),  # a logo over a calm film
        (witnessed(53.0, 23.0, 0.49), "act"),  # a crop to three quarters of each side
        (witnessed(41.0, 52.0, 0.55, half_motion=0.12), "nothing"),  # two episodes of one series
        (witnessed(41.0, 52.0, 0.55, half_motion=0.38), "act"),
    ],
)
def test_what_embeddings_see_must_move_alike_in_both_halves_and_more_the_closer_it_lies(
    witness: Witness, verdict: str
) -> None:
    whole = (Segment(0.0, 16.0, 0.0, 16.0, 1.0),)

    assert judge_embedded(witness, "near", whole, Thresholds()) == verdict


@pytest.mark.parametrize(
    ("witness", "scenes", "verdict"),
    [
        (witnessed(12.0, 79.0, 0.92), 5, "act"),  # a logo on a page, re-framed
        (witnessed(33.0, 58.0, 0.74), 5, "nothing"),  # the same in another typeface
        (witnessed(12.0, 79.0, 0.92), 3, "nothing"),
        (witnessed(12.0, 20.0, 0.92), 5, "nothing"),
        (witnessed(12.0, 79.0, 0.80), 5, "nothing"),
    ],
)
def test_few_pictures_are_enough_that_lie_very_close_and_move_as_one(
    witness: Witness, scenes: int, verdict: str
) -> None:
    brief = (Segment(0.0, 5.0, 0.0, 5.0, 1.0),)

    assert judge_embedded(replace(witness, scenes=scenes), "near", brief, Thresholds()) == verdict


@pytest.mark.parametrize(("speed", "verdict"), [(1.0, "act"), (25 / 30, "nothing")])
def test_what_is_hardly_known_again_must_play_at_the_films_own_speed(
    speed: float, verdict: str
) -> None:
    witness = witnessed(72.0, 54.0, 0.5)
    whole = (Segment(0.0, 16.0, 0.0, 16.0 * speed, speed),)

    assert judge_embedded(witness, "near", whole, Thresholds()) == verdict


def test_two_films_in_the_same_order_of_alike_scenes_are_not_copies() -> None:
    """A title and then a drawn film, of two series: only the change between them is one."""

    def drawn(seed: int) -> Film:
        own = film(seed)

        def waves(times: Times) -> Waves:
            grounds = np.random.default_rng(8).normal(size=(2, 256))
            return 2.6 * grounds[(times >= 8).astype(int)] + own(times)

        return waves

    films = [seen(n, drawn(n), 18, HIDDEN) for n in (1, 2, 3)]

    assert neighbours_of(films), "they must lie close, or nothing is shown"
    assert find(*films) == []


def test_a_hidden_shared_intro_is_not_mentioned() -> None:
    episodes = [joined([(film(99), 0, 20), (film(n), 0, 40)]) for n in (1, 2)]

    assert find(*(seen(n + 1, *episode, HIDDEN) for n, episode in enumerate(episodes))) == []


def test_embeddings_of_two_models_are_never_compared() -> None:
    one = seen(1, film(1), 30)
    other = seen(2, film(1), 30, HIDDEN, model="copy1[fedcba9876543210]")

    assert find(one, other) == []


def test_a_clip_without_embeddings_is_compared_by_its_hashes() -> None:
    match = only(find(seen(1, film(1), 30), clip(2, film(1), 30)))

    assert (match.relation, match.view) == ("near", "full")


def neighbours_of(clips: list[Clip], like: int | None = None) -> neighbours.Pairs:
    return neighbours.neighbours(clips, frame_table(clips), like=like, stop=threading.Event())


def family() -> list[Clip]:
    """Three films, with a hidden copy of each, a part of the first and a crop of it."""
    whole = [seen(n, film(n), 30) for n in (1, 2, 3)]
    copies = [seen(10 + n, film(n), 30, HIDDEN) for n in (1, 2, 3)]
    part = seen(20, film(1), 10, Edit(start=7.3, hidden=True))
    return [*whole, *copies, part, seen(21, film(1), 30, Edit(hidden=True, window=7))]


SHARING = {(0, 3), (1, 4), (2, 5), (0, 6), (3, 6), (0, 7), (3, 7), (6, 7)}


def one_by_one(clips: list[Clip]) -> set[tuple[int, int]]:
    return {pair for place in range(len(clips)) for pair in neighbours_of(clips, like=place)}


@pytest.mark.parametrize("how", [lambda clips: set(neighbours_of(clips)), one_by_one])
@pytest.mark.parametrize("limits", [{}, {"TILE_ROWS": 7, "TILE_COLUMNS": 50, "LOT_FRAMES": 13}])
def test_films_that_share_pictures_are_neighbours_and_no_others(
    how: Callable[[list[Clip]], set[tuple[int, int]]],
    limits: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in limits.items():
        monkeypatch.setattr(neighbours, name, value)

    assert how(family()) == SHARING


def test_one_clip_lies_as_close_to_others_as_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "LOT_FRAMES", 13)
    clips = family()
    everything = neighbours_of(clips)

    for place in range(len(clips)):
        own = {pair: near for pair, near in everything.items() if place in pair}
        assert neighbours_of(clips, like=place) == own


def test_the_cells_of_large_libraries_give_the_same_neighbours_every_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(neighbours, "EXACT_FRAMES", 0)

    first, again = neighbours_of(family()), neighbours_of(family())

    assert set(first) == SHARING
    assert first == again


def test_a_stopped_search_ends() -> None:
    stop = threading.Event()
    stop.set()

    assert neighbours.neighbours(family(), frame_table(family()), like=None, stop=stop) == {}


@pytest.mark.parametrize(
    ("inset", "relation", "told"),
    [(None, "near", False), (6, "near", True), (shapes.FULL, "overlap", False)],
)
def test_what_lies_around_a_window_says_what_the_film_in_it_is(
    inset: int | None, relation: str, told: bool
) -> None:
    """It is a crop, or set into another film, or beside another film in one half of the frame."""
    around = replace(seen(1, film(1), 40), inset=inset)
    part = seen(2, film(1), 40, Edit(hidden=True, window=6))

    match = only(find(around, part))

    assert match.relation == relation
    assert match.crop == Crop(2, 0.36, inset=told)
    assert match.composite == (inset == shapes.FULL)


@pytest.mark.parametrize("view", ["full", "right band"])
def test_what_is_seen_through_a_split_screen_is_no_copy_of_it(view: str) -> None:
    split = replace(seen(1, film(1), 40), inset=shapes.FULL)
    part = seen(2, film(1), 40, HIDDEN)
    views = [ViewPair(shapes.VIEWS.index(view), shapes.VIEWS.index(view))]
    weights = np.ones(80), np.ones(80)

    told = compare((split, part), weights, (), Thresholds(), views=views)
    copied = compare(
        (split, replace(part, inset=shapes.FULL)), weights, (), Thresholds(), views=views[:1]
    )

    assert told is not None
    assert (told.relation, told.composite) == ("overlap", True)
    assert copied is not None
    assert copied.relation == ("near" if view == "full" else "overlap")
