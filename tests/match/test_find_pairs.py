"""What the matcher finds among clips, and what it must not call a copy."""

import threading
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from match_films import Edit, Times, Waves, clip, embedded, film, flattened, joined

from autodedup.engine.embedding import shapes
from autodedup.engine.errors import CancelledError
from autodedup.engine.match import search
from autodedup.engine.match.find import find_pairs
from autodedup.engine.match.frames import voting
from autodedup.engine.match.judge import judge
from autodedup.engine.match.model import Clip, PairMatch, Segment
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import Witness
from autodedup.schemas.vocabulary import Profile

BALANCED = Thresholds()


def find(*clips: Clip, like: int | None = None, limits: Thresholds = BALANCED) -> list[PairMatch]:
    return find_pairs(
        clips, limits, report=lambda _done, _total: None, stop=threading.Event(), like=like
    )


def only(matches: list[PairMatch]) -> PairMatch:
    assert len(matches) == 1
    return matches[0]


@pytest.mark.parametrize("step", [0.25, 1.0])
def test_a_reencoded_film_is_near_with_no_offset(step: float) -> None:
    match = only(find(clip(1, film(1), 40), clip(2, film(1), 40, step=step), clip(3, film(2), 40)))

    assert (match.a, match.b, match.relation, match.view) == (1, 2, "near", "full")
    assert match.confidence > 0.9
    (segment,) = match.segments
    assert (segment.speed, segment.a_start, segment.b_start) == (1.0, 0.0, 0.0)
    assert segment.a_end == pytest.approx(40)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("hold", [0.5, 0.75])
def test_a_few_seconds_of_a_jerky_film_have_its_speed(seed: int, hold: float) -> None:
    """A film that shows two pictures a second looks as well at any other speed for a while."""

    def jerky(times: Times) -> Waves:
        return film(seed, stillness=1.0)(np.floor((times + 1e-9) / hold) * hold)

    film_and_clip = clip(1, jerky, 20, step=0.25), clip(2, jerky, 2.5, Edit(start=6.37), step=0.06)

    match = only(find(*film_and_clip))

    assert (match.relation, match.inner, match.segments[0].speed) == ("contains", 2, 1.0)


def test_unrelated_films_are_not_mentioned() -> None:
    assert find(*(clip(n, film(n), 40) for n in range(1, 9))) == []


@pytest.mark.parametrize(("step", "within"), [(0.25, 0.2), (0.5, 0.5)])
def test_a_trim_off_the_grid_is_a_part_of_the_film(step: float, within: float) -> None:
    match = only(
        find(clip(1, film(1), 40, step=0.5), clip(2, film(1), 20, Edit(start=5.37), step=step))
    )

    assert (match.relation, match.inner) == ("contains", 2)
    (segment,) = match.segments
    assert segment.a_start - segment.b_start == pytest.approx(5.37, abs=within)
    assert segment.speed == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("speed", [0.8, 25 / 24, 1.1, 1.15, 7 / 6, 1.25])
def test_a_film_at_another_speed_is_near_and_the_speed_is_told(speed: float) -> None:
    match = only(find(clip(1, film(1), 60), clip(2, film(1), 60 / speed, Edit(speed=speed))))

    assert match.relation == "near"
    assert match.segments[0].speed == pytest.approx(1 / speed, rel=0.01)


@pytest.mark.parametrize("start", [3.14, 6.4])
def test_half_a_second_of_a_film_plays_at_its_speed(start: float) -> None:
    """Any speed would do for so few frames, and at some more of the film lies on the line."""
    whole = clip(1, film(1), 20, Edit(noise=0.02), step=0.125)
    half = clip(2, film(1), 0.5, Edit(start=start, noise=0.02), step=1 / 16)

    match = only(find(whole, half))

    assert (match.relation, match.inner) == ("contains", 2)
    (segment,) = match.segments
    assert segment.speed == 1.0
    assert segment.a_start == pytest.approx(start, abs=0.2)


def test_an_intro_in_front_makes_the_shorter_film_a_part_of_the_longer() -> None:
    longer, seconds = joined([(film(9), 0, 8), (film(1), 0, 60)])

    match = only(find(clip(1, film(1), 60), clip(2, longer, seconds)))

    assert (match.relation, match.inner) == ("contains", 1)
    assert match.segments[0].b_start == pytest.approx(8, abs=0.3)


def test_a_short_intro_makes_a_film_a_part_however_little_of_the_whole_it_is() -> None:
    longer, seconds = joined([(film(9), 0, 4.6), (film(1), 0, 100)])

    match = only(find(clip(1, film(1), 100), clip(2, longer, seconds)))

    assert (match.relation, match.inner) == ("contains", 1)


def test_a_cut_in_the_middle_is_told_as_two_stretches() -> None:
    shorter, seconds = joined([(film(1), 0, 15), (film(1), 25, 15)])

    match = only(find(clip(1, film(1), 40), clip(2, shorter, seconds)))

    assert (match.relation, match.inner) == ("contains", 2)
    assert [round(s.a_start) for s in match.segments] == [0, 25]
    assert [round(s.b_start) for s in match.segments] == [0, 15]


def test_a_loop_contains_the_clip_it_repeats() -> None:
    looped, seconds = joined([(film(1), 0, 6)] * 4)

    match = only(find(clip(1, film(1), 6), clip(2, looped, seconds)))

    assert (match.relation, match.inner) == ("contains", 1)


@pytest.mark.parametrize("turn", ["mirror", "turn90", "turn180", "turn270"])
def test_a_turned_copy_is_found_and_the_turn_is_named(turn: str) -> None:
    match = only(find(clip(1, film(1), 30), clip(2, film(1), 30, Edit(turn=turn))))

    assert match.relation == "near"
    undone = {"turn90": "turn270", "turn270": "turn90"}.get(turn, turn)
    assert match.view in {turn, undone}


@pytest.mark.parametrize("turn", ["upright", "mirror"])
def test_a_cropped_copy_is_found_by_the_stored_crop(turn: str) -> None:
    cropped = clip(2, film(1), 30, Edit(crop="crop80", turn=turn))

    match = only(find(clip(1, film(1), 30), cropped))

    assert match.relation == "near"
    assert match.view == ("crop80" if turn == "upright" else f"crop80 {turn}")


def test_a_film_played_backwards_is_not_mentioned() -> None:
    # Still enough that it agrees with itself for a while on both sides of every cut.
    forwards = film(1, stillness=1.0)

    def backwards(times: np.ndarray) -> np.ndarray:
        return forwards(40.0 - times)

    assert find(clip(1, forwards, 40, step=0.25), clip(2, backwards, 40, step=0.25)) == []


def test_a_calm_film_is_known_from_itself_played_backwards() -> None:
    """A speaker who nods all the time agrees with itself backwards, a nod later or earlier."""
    room, nod = np.random.default_rng(1).normal(size=(2, 256))
    gestures = np.random.default_rng(2).normal(size=(20, 256))

    def forwards(times: Times) -> Waves:
        second = times.astype(int)
        inside = (times - second)[:, None]
        gesture = (1 - inside) * gestures[second] + inside * gestures[second + 1]
        return room + 0.45 * np.sin(2 * np.pi * times / 1.6)[:, None] * nod + 0.15 * gesture

    def backwards(times: Times) -> Waves:
        return forwards(16.3 - times)

    one, copy = (clip(n, forwards, 16, Edit(noise=0.03), step=0.25) for n in (1, 2))
    other = clip(3, backwards, 16, Edit(noise=0.03), step=0.25)

    assert find(one, other) == []
    assert only(find(one, copy)).relation == "near"


def test_a_film_with_many_copies_is_still_found_inside_a_longer_one() -> None:
    longer, seconds = joined([(film(1), 0, 20), (film(2), 0, 20)])
    copies = [clip(n, film(1), 20) for n in range(2, 20)]

    matches = find(clip(1, longer, seconds), *copies)

    assert [m.relation for m in matches if m.a == 1] == ["contains"] * len(copies)


@pytest.mark.parametrize("stillness", [1.5, 2.5, 4.0])
def test_two_takes_before_one_backdrop_are_not_copies(stillness: float) -> None:
    takes = [clip(n, film(n, stillness=stillness), 12) for n in (1, 2, 3)]

    assert [m for m in find(*takes) if m.relation != "overlap"] == []


@pytest.mark.parametrize(
    ("scenes", "speed", "verdict"),
    [(3, 0.91, "mention"), (3, 1.0, "act"), (12, 0.91, "act")],
)
def test_a_few_still_pictures_tell_no_speed(scenes: int, speed: float, verdict: str) -> None:
    slideshows = Witness(28, scenes, 1.0, 0.3, 1.0, 2.0, 108.0, 1.0)
    segments = (Segment(1.6, 18.0, 0.0, 16.4 * speed, speed),)
    pair = (clip(1, film(1), 18), clip(2, film(1), 18))

    assert judge(slideshows, "contains", segments, pair, BALANCED) == verdict


def test_the_loose_profile_acts_upon_what_balanced_leaves() -> None:
    two_signs = Witness(37, 22, 1.0, 26.3, 36.2, 51.0, 72.8, 0.47)
    segments = (Segment(0.0, 2.2, 0.0, 2.2, 1.0),)
    pair = (clip(1, film(1), 2.2), clip(2, film(1), 2.2))

    said = {
        profile: judge(two_signs, "near", segments, pair, BALANCED.of_profile(profile))
        for profile in get_args(Profile)
    }

    assert said == {"strict": "nothing", "balanced": "nothing", "loose": "act"}


@pytest.mark.parametrize(
    ("mean", "high", "gap", "motion", "verdict"),
    [
        (20.0, 18.0, 18.7, 0.31, "act"),  # a fade-in of which four frames were compared
        (1.9, 2.8, 14.0, 0.75, "act"),  # a calm tree, all but identical
        (26.7, 21.0, 32.6, 0.46, "act"),  # fast, so that single frames fall between two others
        (26.3, 36.2, 46.5, 0.47, "nothing"),  # two signs of one signer part for a while
        (35.5, 44.0, 2.6, 0.22, "nothing"),
        (52.4, 55.0, 9.1, 0.34, "nothing"),  # two takes of one room
    ],
)
def test_the_closer_films_lie_the_less_they_must_move(
    mean: float, high: float, gap: float, motion: float, verdict: str
) -> None:
    witness = Witness(30, 10, 1.0, mean, high, high, mean + gap, motion)
    segments = (Segment(0.0, 2.2, 0.0, 2.2, 1.0),)
    pair = (clip(1, film(1), 2.2), clip(2, film(1), 9.6))

    assert judge(witness, "contains", segments, pair, BALANCED) == verdict


@pytest.mark.parametrize(
    ("seconds", "bits", "gap", "motion", "verdict"),
    [
        (0.5, 4.0, 19.0, 0.65, "act"),
        (0.8, 27.0, 89.0, 0.57, "act"),  # fast: nowhere else is it anything like it
        (1.9, 20.0, 17.0, 0.35, "act"),  # the beginning of a film, turned
        (0.5, 21.7, 20.6, 0.31, "nothing"),  # a hand goes down, in two signs of one signer
        (1.2, 22.2, 58.4, 0.56, "nothing"),
        (2.2, 24.6, 50.3, 0.51, "nothing"),  # the whole sign, in a film of all others
        (5.0, 24.6, 50.3, 0.51, "act"),  # takes that are this long part
    ],
)
def test_the_shorter_a_stretch_the_closer_it_must_lie(
    seconds: float, bits: float, gap: float, motion: float, verdict: str
) -> None:
    witness = Witness(12, 8, 1.0, bits, bits, bits, bits + gap, motion)
    segments = (Segment(0.0, seconds, 3.0, 3.0 + seconds, 1.0),)
    pair = (clip(1, film(1), seconds), clip(2, film(1), 20.0))

    assert judge(witness, "contains", segments, pair, BALANCED) == verdict


@pytest.mark.parametrize(
    ("seconds", "speed", "verdict"),
    [
        (2.0, 1.0, "act"),
        (2.0, 25 / 24, "act"),
        (2.0, 0.8, "nothing"),  # two matches on one field
        (6.0, 0.8, "act"),
    ],
)
def test_of_a_second_or_two_no_odd_speed_is_believed(
    seconds: float, speed: float, verdict: str
) -> None:
    witness = Witness(20, 9, 1.0, 28.0, 32.0, 40.0, 120.0, 0.6)
    segments = (Segment(0.0, seconds, 3.0, 3.0 + seconds * speed, speed),)
    pair = (clip(1, film(1), seconds), clip(2, film(1), 20.0))

    assert judge(witness, "contains", segments, pair, BALANCED) == verdict


@pytest.mark.parametrize(
    ("scenes", "bits", "elsewhere", "verdict"),
    [
        (2, 13.0, 138.0, "act"),  # a cut
        (1, 2.0, 90.0, "nothing"),  # a picture that stands still
        (2, 13.0, 80.0, "nothing"),  # something moves a little
        (2, 30.0, 138.0, "nothing"),
        (2, 4.0, float("nan"), "nothing"),  # two frames of a file that has no more
    ],
)
def test_two_different_pictures_the_same_time_apart_are_enough_of_half_a_second(
    scenes: int, bits: float, elsewhere: float, verdict: str
) -> None:
    witness = Witness(2, scenes, 1.0, bits - 1, bits, bits, elsewhere, float("nan"))
    segments = (Segment(0.0, 0.5, 7.4, 7.9, 1.0),)
    pair = (clip(1, film(1), 0.5, step=0.04), clip(2, film(1), 20.0, step=0.24))

    assert judge(witness, "contains", segments, pair, BALANCED) == verdict


@pytest.mark.parametrize(("scenes", "verdict"), [(5, "act"), (22, "nothing")])
def test_a_camera_that_other_cars_pass_does_not_stand_still(scenes: int, verdict: str) -> None:
    witness = Witness(58, scenes, 1.0, 17.7, 22.0, 30.0, 17.3, 0.16)
    pair = (clip(1, film(1), 7), clip(2, film(1), 7))

    assert judge(witness, "near", (Segment(0.0, 7.0, 0.0, 7.0, 1.0),), pair, BALANCED) == verdict


@pytest.mark.parametrize(("speed", "verdict"), [(0.986, "nothing"), (25 / 24, "act"), (1.0, "act")])
def test_a_heavily_edited_film_is_known_at_a_usual_speed(speed: float, verdict: str) -> None:
    """One of many speeds fits two games on one level, for some of what passes by is the same."""
    witness = Witness(56, 40, 0.75, 71.0, 83.0, 89.0, 114.0, 0.35)
    pair = (clip(1, film(1), 15), clip(2, film(1), 15))

    said = judge(witness, "contains", (Segment(0.0, 14.6, 0.0, 14.4, speed),), pair, BALANCED)

    assert (said == "act") == (verdict == "act")


def test_a_copy_before_a_still_backdrop_is_found() -> None:
    take = film(1, stillness=1.5)

    assert only(find(clip(1, take, 12), clip(2, take, 12))).relation == "near"


def test_black_frames_never_vote() -> None:
    black = [flattened(clip(n, film(1), 10), until=10) for n in (1, 2)]

    assert find(*black) == []


def test_a_night_film_is_found_and_a_fade_does_not_vote() -> None:
    night = [replace(clip(n, film(1), 20), quality=np.full(40, 0.05, np.float32)) for n in (1, 2)]
    faded = [
        replace(c, quality=np.where(c.times_seconds < 1.0, 0.05, 0.8).astype(np.float32))
        for c in (clip(3, film(3), 20), clip(4, film(4), 20))
    ]

    match = only(find(*night))

    assert match.relation == "near"
    assert [int(voting(c).sum()) for c in faded] == [38, 38]


def test_a_black_head_does_not_stand_between_a_film_and_its_copy() -> None:
    first, second = (flattened(clip(n, film(n), 40), until=4) for n in (1, 2))
    copy = flattened(clip(3, film(1), 40), until=4)

    match = only(find(first, second, copy))

    assert (match.a, match.b, match.relation) == (1, 3, "near")


def test_a_shared_intro_is_an_overlap_of_the_right_seconds() -> None:
    episodes = [joined([(film(99), 0, 12), (film(n), 0, 40)]) for n in (1, 2)]

    match = only(find(*(clip(n + 1, *episode) for n, episode in enumerate(episodes))))

    assert (match.relation, match.inner) == ("overlap", None)
    (segment,) = match.segments
    assert segment.a_start == pytest.approx(0, abs=1)
    assert segment.a_end == pytest.approx(12, abs=1)
    assert segment.b_end == pytest.approx(12, abs=1)


def test_a_logo_in_many_films_links_none_of_them_and_hides_no_copy() -> None:
    films = [joined([(film(99), 0, 3), (film(n), 0, 15)]) for n in range(1, 16)]
    clips = [clip(n + 1, *one, step=0.5) for n, one in enumerate(films)]
    copy = clip(100, *films[0], step=0.5)

    match = only(find(*clips, copy))

    assert (match.a, match.b, match.relation) == (1, 100, "near")


def test_a_logo_that_is_nearly_everyones_is_found_in_a_longer_film_too() -> None:
    # After the logo either shows another blend of two pictures: what is before must be compared.
    whole, longer = (
        joined([*before, (film(99), 0, 3), (film(blend), 0, 0.5), (film(1), 0, 9)])
        for blend, before in ((20, []), (21, [(film(2), 0, 18)]))
    )
    others = [joined([(film(99), 0, 3), (film(n), 0, 57)]) for n in range(3, 11)]

    found = find(
        clip(1, *whole), clip(2, *longer), *(clip(n, *one) for n, one in enumerate(others, 3))
    )

    (match,) = (match for match in found if (match.a, match.b) == (1, 2))
    assert (match.relation, match.inner) == ("contains", 1)
    assert match.segments[0].a_start == pytest.approx(0, abs=0.6)


@pytest.mark.parametrize(
    "edit", [Edit(), Edit(start=5.37), Edit(turn="mirror"), Edit(crop="crop80")]
)
def test_the_index_for_large_libraries_finds_what_the_exact_search_finds(
    edit: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = (clip(1, film(1), 30), clip(2, film(1), 24, edit), clip(3, film(2), 30))
    exact = only(find(*clips))
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)

    indexed = only(find(*clips))

    assert (indexed.a, indexed.b, indexed.relation) == (exact.a, exact.b, exact.relation)
    assert (indexed.view, indexed.frames) == (exact.view, exact.frames)
    assert indexed.segments[0].a_start == pytest.approx(exact.segments[0].a_start, abs=1e-6)


def test_one_clip_is_looked_up_without_comparing_the_others() -> None:
    clips = [clip(1, film(1), 30), clip(2, film(2), 30), clip(3, film(2), 30), clip(4, film(1), 20)]

    match = only(find(*clips, like=4))

    assert (match.a, match.b, match.relation, match.inner) == (1, 4, "contains", 4)


CROP = Edit(start=3.3, noise=0.4, crop="crop80")
HIDDEN_CROP = Edit(start=3.3, hidden=True, window=shapes.SMALL - 1)


@pytest.mark.parametrize("edit", [Edit(start=3.3), Edit(speed=1.04, noise=0.5), CROP, HIDDEN_CROP])
@pytest.mark.parametrize("step", [0.3, 0.5])
def test_pairs_are_the_same_whatever_the_order_of_the_clips(edit: Edit, step: float) -> None:
    first, second = clip(1, film(1), 30), clip(2, film(1), 20, edit, step=step)
    pair = embedded(first, film(1)), embedded(second, film(1), edit)

    one, other = only(find(*pair)), only(find(*pair[::-1]))

    assert one == other.swapped()
    assert (one.relation, one.inner) == ("contains", 2)


def test_a_cancelled_search_says_so() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(CancelledError):
        find_pairs([clip(1, film(1), 10)], BALANCED, report=lambda _d, _t: None, stop=stop)


def test_progress_rises_to_the_total() -> None:
    seen: list[tuple[int, int]] = []
    clips = [clip(n, film(1), 20) for n in range(1, 5)]

    find_pairs(clips, BALANCED, report=lambda d, t: seen.append((d, t)), stop=threading.Event())

    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1] == 6


def test_an_empty_library_has_no_pairs() -> None:
    assert find() == []


def _strict(first: Clip, second: Clip) -> PairMatch | None:
    matches = find(first, second, limits=BALANCED.of_profile("strict"))
    return next((match for match in matches if match.relation != "overlap"), None)


def test_strict_takes_copies_of_like_size_and_length() -> None:
    assert _strict(clip(1, film(1), 30), clip(2, film(1), 30)) is not None


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"size_bytes": 690_000}, id="size"),
        pytest.param({"seconds": 31.2}, id="duration"),
        pytest.param(
            {"anchor_whashes": np.array([1, 2, 0x1FFFF << 8], dtype=np.uint64)}, id="one anchor"
        ),
        pytest.param(
            {
                "anchor_whashes": np.array(
                    [1 + (0x7FF << 8), 2 + (0x7FF << 8), 3 + (0x7FF << 8)], dtype=np.uint64
                )
            },
            id="mean",
        ),
    ],
)
def test_strict_refuses_what_differs_in_one_respect(other: dict[str, object]) -> None:
    copy = replace(clip(2, film(1), 30), **other)  # type: ignore[arg-type]

    assert _strict(clip(1, film(1), 30), copy) is None
