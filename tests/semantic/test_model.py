"""One model, two devices: on a GPU its numbers are half as precise, and mean the same."""

import numpy as np
from numpy.typing import NDArray
from tiny_model import TinyModel

from autodedup.engine.semantic.needs import open_clip


def pictures(count: int, side: int) -> NDArray[np.uint8]:
    return np.random.default_rng(7).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def test_pictures_have_the_same_meaning_on_every_device(tiny: TinyModel, device: str) -> None:
    from autodedup.engine.semantic.model import MeaningModel
    from autodedup.engine.semantic.weights import find_files

    package = open_clip()
    files = find_files(str(tiny.model), str(tiny.weights), package)
    usual = MeaningModel(files, "cpu", package)
    model = MeaningModel(files, "cuda" if device == "cuda" else "cpu", package)
    shown = pictures(40, model.side)
    rows = model.embed(shown)
    assert rows.shape == (40, usual.dimensions)
    assert model.recipe == usual.recipe
    # Half precision on a GPU: eleven bits, and a few roundings one after the other.
    assert (rows * usual.embed(shown)).sum(axis=1).min() > 0.999


def test_batches_do_not_change_what_a_picture_means(tiny: TinyModel, device: str) -> None:
    from autodedup.engine.semantic.model import MeaningModel
    from autodedup.engine.semantic.weights import find_files

    package = open_clip()
    files = find_files(str(tiny.model), str(tiny.weights), package)
    model = MeaningModel(files, "cuda" if device == "cuda" else "cpu", package)
    shown = pictures(5, model.side)
    one_by_one = np.concatenate([model.embed(picture[None]) for picture in shown])
    np.testing.assert_allclose(model.embed(shown), one_by_one, atol=2e-3)
