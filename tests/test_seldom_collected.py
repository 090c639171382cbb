"""A search has Python look for cycles less often, and leaves that as it was."""

import gc

import pytest

from autodedup.engine.finding.seldom_collected import seldom_collected


def test_cycles_are_looked_for_less_often_until_the_end_however_it_ends() -> None:
    usual = gc.get_threshold()

    with pytest.raises(ZeroDivisionError), seldom_collected(), seldom_collected():
        assert gc.get_threshold()[0] > usual[0]
        _ = 1 / 0

    assert gc.get_threshold() == usual
