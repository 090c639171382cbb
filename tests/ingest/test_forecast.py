"""What is told of the time an ingest still takes: nothing too early, and little that is wrong."""

import heapq
import random
from collections.abc import Callable, Sequence

from autodedup.engine.ingest.forecast import Forecast
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.pace import SETTLED_AFTER_S
from autodedup.schemas.ingest import FileError

SMALL, LARGE = 5_000_000, 4_000_000_000


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def foretold(
    sizes: Sequence[int], takes: Callable[[int, float], float], workers: int
) -> list[tuple[float, float | None]]:
    """Return, after each file of a stage, how long the rest took and what was foretold.

    `takes` gives the seconds that a file of some size takes if it is begun at some time.
    """
    clock = Clock()
    forecast = Forecast(clock)
    forecast.expect(sizes)
    began, told = clock.now, []
    waiting, in_hand = list(enumerate(sizes)), list[tuple[float, int]]()
    while waiting or in_hand:
        while waiting and len(in_hand) < workers:
            key, size = waiting.pop(0)
            forecast.taken(key, size)
            heapq.heappush(in_hand, (clock.now + takes(size, clock.now - began), key))
        clock.now, key = heapq.heappop(in_hand)
        forecast.ended(key)
        told.append((clock.now, forecast.eta_s()))
    return [(clock.now - then, eta) for then, eta in told]


def by_size(size: int, _when: float) -> float:
    return 30.0 if size == LARGE else 1.0


def mixed() -> list[int]:
    sizes = [SMALL] * 180 + [LARGE] * 20
    random.Random(5).shuffle(sizes)
    return sizes


def test_nothing_is_foretold_before_there_is_a_ground_for_it() -> None:
    clock = Clock()
    forecast = Forecast(clock)
    forecast.expect([SMALL] * 10)
    assert forecast.eta_s() is None
    for key in range(6):
        forecast.taken(key, SMALL)
        clock.now += SETTLED_AFTER_S / 4
        forecast.ended(key)
        assert (forecast.eta_s() is None) == (key < 3)


def test_two_files_are_enough_where_there_are_but_four() -> None:
    told = foretold([SMALL] * 4, lambda _size, _when: 5.0, workers=1)
    assert [eta for _, eta in told] == [None, 10.0, 5.0, 0.0]


def test_files_of_very_different_size_are_told_apart() -> None:
    told = foretold(mixed(), by_size, workers=2)
    whole = told[0][0]
    for left, eta in told[20:]:
        assert eta is not None
        assert abs(eta - left) < 0.1 * whole


def test_files_in_order_of_size_are_told_apart_once_both_kinds_were_met() -> None:
    told = foretold(sorted(mixed(), reverse=True), by_size, workers=2)
    for left, eta in told[25:]:
        assert eta is not None
        assert abs(eta - left) < 0.2 * left + 5.0


def test_a_machine_that_slows_down_is_noticed() -> None:
    told = foretold([SMALL] * 400, lambda _size, when: 1.0 if when < 100 else 4.0, workers=1)
    left, eta = told[180]  # eighty files after it slowed down
    assert eta is not None
    assert abs(eta - left) < 0.25 * left


def test_what_is_left_falls_while_a_long_file_is_in_hand() -> None:
    clock = Clock()
    forecast = Forecast(clock)
    forecast.expect([LARGE] * 6)
    for key in range(5):
        forecast.taken(key, LARGE)
        clock.now += 100.0
        forecast.ended(key)
    forecast.taken(5, LARGE)
    told = []
    for _ in range(3):
        clock.now += 40.0
        told.append(forecast.eta_s() or 0.0)
    assert told[0] > told[1] > 0.0
    assert told[2] > 0.0  # it takes longer than the others did, and is not done any moment


def test_progress_tells_stage_file_failures_rate_and_time_left() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.expect(8)
    tally.begin("signing", [SMALL] * 8)
    for key in range(5):
        tally.taken(key, f"camera/\x1b[2J{key}.mp4", SMALL)
        clock.now += 2.0
        tally.ended(key)
        if key < 2:
            tally.failed(FileError(file=f"f{key + 1}", path="x", code="TRUNCATED", detail="cut"))
        else:
            tally.signed(1, None, 0.0)
    progress = tally.progress()
    assert (progress.done, progress.total, progress.unit) == (5, 8, "files")
    assert (progress.rate, progress.eta_s) == (0.5, 6.0)
    assert progress.doing == r"signing camera/\x1b[2J4.mp4 (failed: 2 TRUNCATED)"
    assert tally.sums() == (3, 2, 3)


def test_every_stage_counts_from_nothing() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.count("seen", 500)
    assert (tally.progress().done, tally.progress().doing) == (500, "walking")
    tally.begin("hashing ends", [SMALL] * 3)
    assert (tally.progress().done, tally.progress().total) == (0, 3)


def test_files_done_in_a_moment_foretell_nothing() -> None:
    told = foretold([SMALL] * 30, lambda _size, _when: SETTLED_AFTER_S / 16, workers=1)
    assert [eta for _, eta in told[:15]] == [None] * 15
    assert told[15][1] == told[15][0]
