"""One model, two devices: on a GPU its numbers are half as precise, and mean the same."""

import numpy as np
import pytest
from numpy.typing import NDArray
from tiny_model import TinyModel

torch = pytest.importorskip("torch", reason="the semantic tier needs torch")

from autodedup.engine.semantic.batches import MOST  # noqa: E402
from autodedup.engine.semantic.needs import open_clip  # noqa: E402


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


@pytest.mark.parametrize(("free", "fit"), [(4_000, 20), (150, 1), (10**9, MOST)])
def test_as_many_pictures_are_tried_at_once_as_fit_half_of_what_is_free(
    tiny: TinyModel, monkeypatch: pytest.MonkeyPatch, free: int, fit: int
) -> None:
    """By what one of them takes: 100 bytes of a GPU that is made up."""
    from autodedup.engine.semantic.model import MeaningModel
    from autodedup.engine.semantic.weights import find_files

    package = open_clip()
    model = MeaningModel(find_files(str(tiny.model), str(tiny.weights), package), "cpu", package)
    monkeypatch.setattr(model, "device", torch.device("cuda"))
    monkeypatch.setattr(model, "_run", lambda pictures: pictures)
    for name, told in {
        "reset_peak_memory_stats": None,
        "memory_allocated": 500,
        "max_memory_allocated": 600,
        "mem_get_info": (free, 10**10),
    }.items():
        monkeypatch.setattr(torch.cuda, name, lambda told=told: told)
    blank = torch.zeros((1, model.side, model.side, 3), dtype=torch.uint8)
    assert model._that_fit(blank) == fit
