"""What lies near to many strangers counts for less, by as much as the model file says."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.embedding.crowding import (
    FARTHEST,
    LOTS,
    SHORTER,
    Strangers,
    lengths,
    nearness,
)
from autodedup.engine.embedding.storage import from_bytes, to_bytes


def directions(seed: int, count: int) -> NDArray[np.float32]:
    """Return (count, 128) of unit length."""
    numbers = np.random.default_rng(seed).standard_normal((count, 128)).astype(np.float32)
    return numbers / np.linalg.norm(numbers, axis=1, keepdims=True)


def test_the_nearest_of_every_lot_counts_and_the_others_do_not() -> None:
    mine = directions(1, 1)
    strangers = np.zeros((128, 4 * LOTS), np.int8)
    strangers[:, :4] = to_bytes(mine).T  # the first lot, and no other

    near = nearness(mine, strangers)

    assert near == pytest.approx(1 / LOTS, abs=0.01)


def test_an_embedding_in_a_crowd_is_shorter_than_one_alone() -> None:
    crowded, alone = directions(2, 2)
    around = crowded + 0.1 * directions(3, 20 * LOTS)
    strangers = to_bytes(around / np.linalg.norm(around, axis=1, keepdims=True)).T

    near = nearness(np.stack([crowded, alone]), strangers)
    short, long = lengths(near, usual=0.5)

    assert short == pytest.approx(np.exp(-SHORTER * FARTHEST))
    assert long == pytest.approx(np.exp(SHORTER * FARTHEST))
    assert lengths(np.float32([0.5]), usual=0.5) == pytest.approx(1.0)


def test_the_model_file_gives_the_lengths_that_are_said_here() -> None:
    torch = pytest.importorskip("torch", reason="torch trains; it is no part of the base install")
    pytest.importorskip("onnx", reason="onnx writes the model file; it is no part of the install")
    from autodedup.engine.embedding.export import model_of
    from autodedup.engine.embedding.model_file import ModelFile
    from autodedup.engine.embedding.network import CopyNetwork
    from autodedup.engine.embedding.pictures import draw
    from autodedup.engine.embedding.runtime import OnnxModel
    from autodedup.engine.embedding.shapes import FULL, SMALL
    from autodedup.engine.embedding.torch_runtime import TorchModel

    torch.manual_seed(6)
    network = CopyNetwork().eval()
    pictures = np.stack([draw((9, number), 160)[:96] for number in range(3)])
    plain = OnnxModel(ModelFile(Path("plain"), model_of(network).SerializeToString(), ""))
    unit = plain.embed(pictures)
    crowd = Strangers(*(to_bytes(directions(seed, 4 * LOTS)).T for seed in (4, 5, 6)), usual=0.2)
    file = ModelFile(Path("crowd"), model_of(network, crowd).SerializeToString(), "")

    found = OnnxModel(file).embed(pictures)

    for views, those in zip((FULL, slice(1, SMALL), SMALL), crowd.faced, strict=True):
        mine = unit[:, views].reshape(-1, 128)
        length = lengths(nearness(mine, those), crowd.usual)
        assert np.abs(length - 1).max() > 0.001
        assert np.allclose(found[:, views].reshape(-1, 128), mine * length[:, None], atol=1e-4)
    assert np.allclose(TorchModel(file, "cpu").embed(pictures), found, atol=1e-4)
    assert np.allclose(from_bytes(to_bytes(found)), found, atol=0.003)
