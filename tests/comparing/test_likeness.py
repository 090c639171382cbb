"""Where edits hide from hashes, aligned pictures are told by the copy network's cosine."""

import numpy as np
import pytest

from autodedup.engine.comparing.likeness import ALIKE, cosines
from autodedup.engine.footage import picture_edits
from autodedup.engine.footage.film import render_film


@pytest.fixture(scope="module")
def pictures() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return render_film(21, size=(320, 180), seconds=12, fps=5).frames[::12]


def test_a_picture_is_like_itself_and_its_edits_and_unlike_another(
    pictures: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    same = cosines(pictures, pictures)
    assert same is not None
    assert min(same) > 0.9
    assert max(same) == 1
    edited = cosines(
        picture_edits.resized(picture_edits.graded(pictures, gamma=1.3), (200, 112)), pictures
    )
    assert edited is not None
    assert min(edited) > ALIKE
    others = cosines(np.roll(pictures, 2, axis=0), pictures)
    assert others is not None
    assert float(np.mean(others)) < ALIKE


def test_a_film_within_another_is_as_like_as_by_itself() -> None:
    alone, around = (render_film(s, size=(320, 180), seconds=8.0, fps=1).frames for s in (5, 77))
    within = picture_edits.inside(alone, around, share=0.5)

    alike = cosines(within, alone)

    assert alike is not None
    assert sum(each >= ALIKE for each in alike) >= 6
    assert min(alike) > 0.5
