"""Which instants are looked at: pure arithmetic, checked on made-up films."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.media.moments import (
    STEPS,
    Clock,
    Grid,
    grid_step,
    keyframe_window,
    looked_at_densely,
    step_was_too_coarse,
    too_thinly_keyed,
)


def taken(grid: Grid, times: list[float]) -> list[float]:
    """Run frames of these times past the grid and return those it takes, each once."""
    out: list[float] = []
    before: float | None = None
    for now in times:
        take_before, take_now = grid.nearest(before, now)
        if take_before and before is not None and before not in out:
            out.append(before)
        if take_now:
            out.append(now)
        before = now
    return out


@given(st.floats(0.05, 20_000))
def test_a_film_gets_enough_moments_and_not_too_many(seconds: float) -> None:
    step = grid_step(seconds)
    assert step in STEPS
    if step < STEPS[-1]:
        assert seconds / step <= 128
    if step > STEPS[0]:
        assert seconds / step >= 16


def test_a_clip_of_two_seconds_gets_dozens_and_one_of_half_a_second_every_frame() -> None:
    assert 2.0 / grid_step(2.0) >= 24
    assert grid_step(0.5) <= 1 / 30


@given(st.floats(0.05, 200), st.floats(1, 40))
def test_a_grid_that_was_outgrown_has_the_step_of_half_the_seconds(
    claimed: float, times: float
) -> None:
    grid = Grid(grid_step(claimed))
    wider = grid.outgrown(times * claimed)

    if times <= 2:
        assert wider is None
    assert (wider or grid).step == max(grid.step, grid_step(times * claimed / 2))


@given(st.floats(1, 1000), st.floats(0.9, 1.1))
def test_films_of_nearly_one_length_are_asked_at_shared_instants(
    seconds: float, ratio: float
) -> None:
    coarse, fine = sorted((grid_step(seconds), grid_step(seconds * ratio)), reverse=True)
    assert coarse % fine == 0
    assert coarse <= 2 * fine


@given(
    st.sampled_from(STEPS),
    st.lists(st.floats(0.005, 1.7), min_size=2, max_size=80),
)
def test_every_instant_has_its_nearest_frame_taken(step: float, gaps: list[float]) -> None:
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap)
    out = taken(Grid(step), times)

    instants = [n * step for n in range(int(times[-1] / step) + 1)]
    for instant in instants[:1] + instants[-1:]:
        best = min(abs(time - instant) for time in times)
        assert min(abs(time - instant) for time in out) == pytest.approx(best, abs=1e-9)
    assert out == sorted(set(out))


def test_two_frame_rates_show_nearly_the_same_moments() -> None:
    at_24 = taken(Grid(0.5), [n / 24 for n in range(240)])
    at_30 = taken(Grid(0.5), [n / 30 for n in range(300)])

    assert len(at_24) == len(at_30)
    assert max(abs(a - b) for a, b in zip(at_24, at_30, strict=True)) <= 1 / 24


def test_an_anchor_is_taken_at_its_nearest_frame() -> None:
    out = taken(Grid(1.0, also=(1.52,)), [n / 10 for n in range(40)])

    assert out == pytest.approx([0.0, 1.0, 1.5, 2.0, 3.0])


def test_a_leap_in_time_takes_no_longer_than_a_step() -> None:
    grid = Grid(1 / 16)
    grid.nearest(None, 0.0)

    assert grid.nearest(0.0, 3.0e9) == (True, True)


def test_the_coarser_grid_is_a_part_of_the_finer() -> None:
    fine = Grid(0.25)
    coarse = fine.outgrown(100.0)
    assert coarse is not None
    assert coarse.step == 0.5
    assert coarse.holds(1.5, 0.01)
    assert not coarse.holds(1.25, 0.01)
    assert Grid(STEPS[-1]).outgrown(1e9) is None


@pytest.mark.parametrize(
    ("stamps", "seconds"),
    [
        ([5.0, 5.04, 5.08], [0.0, 0.04, 0.08]),
        ([None, None, None], [0.0, 0.04, 0.08]),
        ([0.0, 0.04, 0.04, 0.12], [0.0, 0.04, 0.041, 0.12]),
        ([9.0, 9.04, 0.0, 0.04], [0.0, 0.04, 0.08, 0.12]),
        ([0.0, 0.04, 95_443.0, 95_443.04], [0.0, 0.04, 0.08, 0.12]),
    ],
    ids=["offset", "no stamps", "standing still", "set back", "leap"],
)
def test_the_clock_always_goes_on(stamps: list[float | None], seconds: list[float]) -> None:
    clock = Clock(frame_seconds=0.04)
    assert [clock.seconds(stamp) for stamp in stamps] == pytest.approx(seconds)


def test_short_films_and_films_that_do_not_say_are_looked_at_densely() -> None:
    assert looked_at_densely(59.0)
    assert looked_at_densely(None)
    assert not looked_at_densely(5400.0)


def test_few_keyframes_call_for_a_closer_look_unless_the_film_is_very_long() -> None:
    assert too_thinly_keyed(5, 590.0, 600.0)
    assert not too_thinly_keyed(100, 590.0, 600.0)
    assert not too_thinly_keyed(5, 7000.0, 7200.0)


def test_a_film_that_only_claims_to_be_long_is_looked_at_densely() -> None:
    assert too_thinly_keyed(3, 6.0, 1e9)


def test_a_claim_that_proves_far_too_long_is_noticed() -> None:
    assert step_was_too_coarse(grid_step(3600), 5.0)
    assert not step_was_too_coarse(grid_step(9.9), 10.1)


def test_the_keyframes_of_a_very_long_film_are_bounded() -> None:
    assert keyframe_window(36_000) == 75.0
    assert keyframe_window(None) == 0.0
