"""The views of a frame: where a copy may lie, and what is not worth embedding."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.pictures import draw
from autodedup.engine.embedding.runtime import CopyModel, load_model
from autodedup.engine.embedding.views import (
    BOXES,
    SHEET,
    VIEWS,
    embed_views,
    likeness,
    seen,
)


@pytest.fixture(scope="module")
def model() -> CopyModel:
    return load_model()


def sheets(count: int, first: int = 0) -> NDArray[np.uint8]:
    return np.stack([draw((5, first + number), SHEET) for number in range(count)])


def resized(picture: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    part = Image.fromarray(picture).crop(box)
    return np.asarray(part.resize((SHEET, SHEET), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_shows_the_mean_colours_of_its_box(view: str) -> None:
    (picture,) = sheets(1)
    left, top, right, bottom = BOXES[view]

    (shown,) = seen(picture[None], view)

    expected = picture[top:bottom, left:right].mean((0, 1))
    assert shown.shape == (96, 96, 3)
    assert np.abs(shown.mean((0, 1)) - expected).max() < 1


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "full"])
def test_a_film_cut_to_a_view_is_found_by_that_view(model: CopyModel, view: str) -> None:
    originals = sheets(6)
    cut = np.stack([resized(picture, BOXES[view]) for picture in originals])

    table = likeness(embed_views(model, cut), embed_views(model, originals))

    assert (table.argmax(axis=1) == np.arange(6)).all()
    assert np.median(table.diagonal()) > 0.95


def test_likeness_does_not_depend_on_which_side_is_asked(model: CopyModel) -> None:
    first, second = embed_views(model, sheets(3)), embed_views(model, sheets(4, first=10))

    assert np.allclose(likeness(first, second), likeness(second, first).T, atol=1e-6)


def test_a_view_that_shows_nothing_is_like_nothing(model: CopyModel) -> None:
    framed = sheets(1)
    framed[:, :96, :96] = 20  # a dark wall where one view looks

    found = embed_views(model, framed)

    empty = VIEWS.index("top left")
    assert found.shown[0].tolist() == [view != "top left" for view in VIEWS]
    assert not found.embeddings[0, empty].any()
    assert found.embeddings[0, VIEWS.index("bottom right")].any()
