"""Work of equal pieces tells how fast it goes, and not before that means something."""

from autodedup.engine.pace import SETTLED_AFTER_S, Pace
from autodedup.schemas.jobs import Progress


def actions(done: int, total: int = 100) -> Progress:
    return Progress(done=done, total=total, unit="actions", doing="trash")


def test_rate_and_time_left_are_told_once_the_start_is_over() -> None:
    now = [50.0]
    pace = Pace(lambda: now[0])
    assert pace.of(actions(0)) == actions(0)
    now[0] += SETTLED_AFTER_S / 2
    assert pace.of(actions(10)) == actions(10)
    now[0] += SETTLED_AFTER_S * 1.5
    told = pace.of(actions(20))
    assert (told.rate, told.eta_s, told.doing) == (5.0, 16.0, "trash")


def test_what_was_done_before_the_first_look_is_not_counted_as_speed() -> None:
    now = [50.0]
    pace = Pace(lambda: now[0])
    pace.of(actions(60))
    now[0] += 4.0
    assert pace.of(actions(60)).rate is None
    assert pace.of(actions(80)).eta_s == 4.0


def test_another_row_starts_the_clock_again() -> None:
    now = [50.0]
    pace = Pace(lambda: now[0])
    pace.of(actions(40))
    now[0] += 10.0
    pace.of(actions(90))
    assert pace.of(actions(1, total=5)).rate is None
    now[0] += 2.0
    assert pace.of(actions(3, total=5)).rate == 1.0
