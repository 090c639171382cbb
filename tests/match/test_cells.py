"""Looking up in cells what lies close: as comparing everything would, but for crowds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.embedding.storage import from_bytes, to_bytes
from autodedup.engine.match import approximate
from autodedup.engine.match.approximate import Cells, Owned

Rows = NDArray[np.float32]


def unit(rows: NDArray[np.float64]) -> Rows:
    scaled: Rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return scaled


def strange(seed: int, count: int) -> Rows:
    return unit(np.random.default_rng(seed).normal(size=(count, 128)))


def owned(rows: Rows, first_owner: int) -> Owned:
    return Owned(to_bytes(rows), np.arange(first_owner, first_owner + len(rows)))


def test_nine_in_ten_that_lie_close_are_found_and_nothing_else() -> None:
    held = strange(1, 3000)
    asked = unit(0.8 * held[:600] + 0.6 * strange(2, 600))

    hits = Cells(owned(held, 0)).near(owned(asked, 5000), 0.7)

    close = from_bytes(to_bytes(asked)) @ from_bytes(to_bytes(held)).T >= 0.7
    assert len(hits) >= 0.9 * close.sum() > 500
    assert close[hits[:, 0], hits[:, 1]].all()
    assert len(np.unique(hits, axis=0)) == len(hits)


def test_a_row_never_meets_its_own_nor_one_that_is_empty() -> None:
    rows = strange(3, 40)
    rows[:2] = 0
    held = Owned(to_bytes(rows), np.arange(40) // 2)

    hits = Cells(held).near(held, -1.0)

    assert len(hits)
    assert (held.owner[hits[:, 0]] != held.owner[hits[:, 1]]).all()
    assert hits.min() >= 2


def test_what_is_everywhere_is_met_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(approximate, "NEAREST", 5)
    logo = np.repeat(strange(4, 1), 400, axis=0)
    everywhere = owned(unit(logo + 0.01 * strange(5, 400)), 0)

    hits = Cells(everywhere).near(everywhere, 0.9)

    assert 0 < np.bincount(hits[:, 0]).max() <= 5 * approximate.ASKED_IN


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_nothing_can_be_held_and_asked(count: int) -> None:
    rows = strange(6, count)

    hits = Cells(owned(rows, 0)).near(owned(rows, 10), 0.9)

    assert hits.tolist() == [[n, n] for n in range(count)]
