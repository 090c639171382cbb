"""Which weights are meant, and how pictures are prepared for them, which a file does not say."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_model import TinyModel, make_tiny

from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.semantic.needs import open_clip
from autodedup.engine.semantic.weights import MeaningFiles, Shades, find_files, recipe_of

HALF = Shades((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


@pytest.fixture
def some_file(tmp_path: Path) -> str:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"any")
    return str(path)


@pytest.mark.parametrize(
    ("model", "shades"),
    [
        ("ViT-B-32", None),  # the usual ones
        ("ViT-B-16-SigLIP", HALF),
        ("ViT-L-14", None),  # two ways among its weights: a file does not say which
    ],
)
def test_a_file_is_prepared_for_as_all_known_weights_of_its_model_are(
    tiny: TinyModel, some_file: str, model: str, shades: Shades | None
) -> None:
    assert find_files(model, some_file, open_clip()).shades == shades


def test_weights_that_were_trained_as_another_model_are_refused_by_its_name(
    tiny: TinyModel,
) -> None:
    with pytest.raises(ModelUnavailableError, match="ViT-B-32-quickgelu") as raised:
        find_files("ViT-B-32", "metaclip_400m", open_clip())
    assert raised.value.hint is not None
    assert "--semantic-model ViT-B-32-quickgelu" in raised.value.hint


def test_other_shades_are_another_recipe_and_other_vectors(tiny: TinyModel) -> None:
    from autodedup.engine.semantic.model import MeaningModel

    package = open_clip()
    usual = find_files(str(tiny.model), str(tiny.weights), package)
    other = replace(usual, shades=HALF)
    assert recipe_of(usual, 32) != recipe_of(other, 32)
    shown = np.random.default_rng(7).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)

    def rows(files: MeaningFiles) -> np.ndarray:
        return MeaningModel(files, "cpu", package).embed(shown)

    assert not np.allclose(rows(usual), rows(other), atol=1e-3)


def test_safetensors_give_the_vectors_of_the_same_weights_in_torchs_own_format(
    tmp_path: Path, tiny: TinyModel
) -> None:
    from autodedup.engine.semantic.model import MeaningModel

    package = open_clip()
    shown = np.random.default_rng(7).integers(0, 256, (4, 32, 32, 3), dtype=np.uint8)
    found = []
    for suffix in (".pt", ".safetensors"):
        made = make_tiny(tmp_path / suffix, suffix=suffix)
        files = find_files(str(made.model), str(made.weights), package)
        found.append(MeaningModel(files, "cpu", package).embed(shown))
    np.testing.assert_array_equal(*found)
