"""The eight positions of a square form a group, and the tables of filters follow it."""

import numpy as np
import pytest

from autodedup.engine.embedding.symmetry import POSITIONS, filter_table, laid


def test_the_eight_positions_of_a_square_all_differ() -> None:
    square = np.arange(9).reshape(3, 3)

    seen = {laid(square, position).tobytes() for position in range(POSITIONS)}

    assert len(seen) == POSITIONS


@pytest.mark.parametrize("position", range(POSITIONS))
@pytest.mark.parametrize("side", [1, 3, 4])
def test_a_filter_on_a_turned_picture_answers_as_its_turned_self_did(
    side: int, position: int
) -> None:
    rng = np.random.default_rng(side)
    learned, picture = rng.random(side * side), rng.random((side, side))
    filters = learned[filter_table(side, lifted=False)].reshape(POSITIONS, side, side)

    upright = (filters * picture).sum((1, 2))
    turned = (filters * laid_values(picture, position)).sum((1, 2))

    # The answers are the same eight numbers, in another order.
    assert np.allclose(np.sort(upright), np.sort(turned))


def test_a_lifted_filter_reads_every_position_by_its_relation_to_its_own() -> None:
    table = filter_table(3, lifted=True)

    assert table.shape == (POSITIONS, POSITIONS, 9)
    for own in range(POSITIONS):
        assert sorted(table[own].ravel()) == list(range(POSITIONS * 9))
    assert np.array_equal(table[0].ravel(), np.arange(POSITIONS * 9))


def laid_values(picture: np.ndarray, position: int) -> np.ndarray:
    order = laid(np.arange(picture.size).reshape(picture.shape), position)
    return picture.ravel()[order]
