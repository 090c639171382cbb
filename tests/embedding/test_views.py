"""The views of a frame: its shape, where a copy may lie in it, and what shows nothing."""

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from autodedup.engine.embedding.pictures import draw
from autodedup.engine.embedding.runtime import CopyModel, load_model
from autodedup.engine.embedding.shapes import (
    CELL,
    FULL,
    SHAPES,
    SMALL,
    VIEWS,
    WINDOWS,
    Shape,
    parts,
    shape_of,
    window_at,
)
from autodedup.engine.embedding.views import embed_views, likeness

LYING, STANDING = (96, 160), (160, 96)


@pytest.fixture(scope="module")
def model() -> CopyModel:
    return load_model()


def pictures(count: int, first: int = 0, shape: Shape = LYING) -> NDArray[np.uint8]:
    drawn = (draw((5, first + number), 160) for number in range(count))
    return np.stack([picture[: shape[0], : shape[1]] for picture in drawn])


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [
        (1920, 1080, (96, 160)),
        (1080, 1920, (160, 96)),
        (640, 480, (96, 128)),
        (500, 500, (128, 128)),
        (1920, 800, (96, 192)),
        (4000, 300, (64, 256)),
    ],
)
def test_a_frame_is_squeezed_into_the_shape_next_to_its_own(
    width: int, height: int, shape: Shape
) -> None:
    assert shape_of(width, height) == shape


def test_every_shape_is_a_whole_number_of_cells_at_half_its_size() -> None:
    assert all(side % (2 * CELL) == 0 for shape in SHAPES for side in shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_window_counts_what_lies_inside_it_and_nothing_else(shape: Shape) -> None:
    rows, columns = shape[0] // CELL, shape[1] // CELL
    found = parts(shape).reshape(len(WINDOWS), rows, columns)

    assert np.allclose(found.sum(axis=(1, 2)), 1)
    for (left, top, right, bottom), window in zip(WINDOWS.values(), found, strict=True):
        box = (left, top, right, bottom) if shape[1] >= shape[0] else (top, left, bottom, right)
        y, x = np.nonzero(window)
        assert x.min() >= np.floor(box[0] * columns)
        assert x.max() < np.ceil(box[2] * columns)
        assert y.min() >= np.floor(box[1] * rows)
        assert y.max() < np.ceil(box[3] * rows)


@pytest.mark.parametrize("window", [name for name in WINDOWS if name != "full"])
def test_a_film_cut_to_a_window_is_found_by_that_window(model: CopyModel, window: str) -> None:
    originals = pictures(6)
    left, top, right, bottom = WINDOWS[window]
    box = (left * 160, top * 96, right * 160, bottom * 96)
    shape = shape_of(box[2] - box[0], box[3] - box[1])
    cut = np.stack([
        np.asarray(
            Image.fromarray(picture).resize(shape[::-1], Image.Resampling.BICUBIC, box=box)
        )
        for picture in originals
    ])  # fmt: skip

    table = likeness(embed_views(model, cut), embed_views(model, originals))

    assert (table.argmax(axis=1) == np.arange(6)).all()


@pytest.mark.parametrize("lying", [True, False])
@pytest.mark.parametrize("window", [name for name in WINDOWS if name != "full"])
def test_a_part_of_a_picture_belongs_to_the_window_that_it_lies_in_most(
    window: str, lying: bool
) -> None:
    left, top, right, bottom = WINDOWS[window]
    part = (left + 0.02, top + 0.02, right + 0.01, bottom - 0.02)
    if not lying:
        part = (part[1], part[0], part[3], part[2])

    assert VIEWS[window_at(part, lying=lying)] == window


def test_a_turned_frame_has_the_same_wholes(model: CopyModel) -> None:
    lying = pictures(4)

    upright, turned = model.embed(lying), model.embed(np.rot90(lying, axes=(1, 2)))

    for whole in (FULL, SMALL):
        assert np.allclose(upright[:, whole], turned[:, whole], atol=1e-4)


def test_likeness_does_not_depend_on_which_side_is_asked(model: CopyModel) -> None:
    first = embed_views(model, pictures(3))
    second = embed_views(model, pictures(4, first=10, shape=STANDING))

    assert np.allclose(likeness(first, second), likeness(second, first).T, atol=1e-6)


def test_a_view_that_shows_nothing_is_like_nothing(model: CopyModel) -> None:
    framed = pictures(1)
    framed[:, :64, :112] = 20  # a dark wall where one window looks

    (found,) = embed_views(model, framed)

    shown = {view for view, embedding in zip(VIEWS, found, strict=True) if embedding.any()}
    assert "window 0.0 0.0" not in shown
    assert {"full", "small", "window 0.4 0.4", "right band"} <= shown
