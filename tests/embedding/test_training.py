"""Training learns, repeats itself, and exports exactly what it learned."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch trains; it is no part of the base install")
pytest.importorskip("onnx", reason="onnx writes the model file; it is no part of the base install")

from autodedup.engine.embedding.edits import pair  # noqa: E402
from autodedup.engine.embedding.export import model_of, trained  # noqa: E402
from autodedup.engine.embedding.gallery import make_gallery  # noqa: E402
from autodedup.engine.embedding.model_file import ModelFile, read_model  # noqa: E402
from autodedup.engine.embedding.network import CopyNetwork  # noqa: E402
from autodedup.engine.embedding.pictures import draw, marks  # noqa: E402
from autodedup.engine.embedding.runtime import OnnxModel  # noqa: E402
from autodedup.engine.embedding.torch_runtime import TorchModel  # noqa: E402
from autodedup.engine.embedding.train import (  # noqa: E402
    Batches,
    Recipe,
    Run,
    learning_rate,
    take_step,
    temperature,
    train,
)

torch.set_num_threads(1)  # threads that wait for each other make a busy machine slower
CPU = torch.device("cpu")
TINY = Recipe(steps=4, batch=6, drawn=12, squares=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a gallery of a dozen drawn pictures."""
    made = tmp_path_factory.mktemp("training")
    make_gallery(made, seed=1, photo_folder=None, squares=1, drawn=12)
    return made


@pytest.mark.parametrize("side", [64, 96])
def test_edits_keep_the_shape_the_range_and_the_order(side: int) -> None:
    pictures = torch.from_numpy(np.stack([draw((1, number), 128) for number in range(24)]))
    overlays = torch.from_numpy(marks(1, 4, (96, 16))).permute(0, 3, 1, 2).float() / 255

    edited, nearly = pair(pictures, side, overlays, torch.Generator().manual_seed(1))
    again, _ = pair(pictures, side, overlays, torch.Generator().manual_seed(1))

    for each in (edited, nearly):
        assert each.shape == (24, 3, side, side)
        assert torch.isfinite(each).all()
        assert each.min() >= 0
        assert each.max() <= 1
    assert torch.equal(edited, again)
    small = torch.nn.functional.interpolate(
        pictures.permute(0, 3, 1, 2).float() / 255, (side, side)
    )
    assert (nearly - small).abs().mean() < 0.15  # still the picture it was


def test_a_few_steps_on_one_batch_lower_its_loss(folder: Path) -> None:
    recipe = Recipe(steps=1000, batch=12, drawn=12)
    run = Run.begin(recipe, CPU)
    gallery = make_gallery(folder, seed=1, photo_folder=None, squares=1, drawn=12)
    edited, sources = Batches(recipe, gallery)[0]
    run.step = 150  # past the slowest part of the warm-up

    losses = [take_step(run, recipe, edited, sources)[0] for _ in range(8)]

    assert losses[-1] < losses[0] - 0.3


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(folder: Path, tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    for each in (whole, halves):
        each.mkdir()
        for name in ("pictures.npy", "sources.npy"):
            (each / name).write_bytes((folder / name).read_bytes())
    gallery = make_gallery(folder, seed=1, photo_folder=None, squares=1, drawn=12)
    stopped = Run.begin(TINY, CPU)
    for step in range(2):
        take_step(stopped, TINY, *Batches(TINY, gallery)[step])
    stopped.save(halves / "network.pt", TINY)

    results = [trained(train(TINY, each, None, CPU, workers=0)) for each in (whole, halves)]

    for first, second in zip(*(each.state_dict().values() for each in results), strict=True):
        assert torch.allclose(first, second, atol=1e-6)


def test_the_temperature_cools_and_the_learning_rate_ends_at_nothing() -> None:
    recipe = Recipe(steps=1000)

    assert temperature(recipe, 0) > temperature(recipe, 100) > temperature(recipe, 200)
    assert temperature(recipe, 200) == pytest.approx(temperature(recipe, 999))
    assert learning_rate(recipe, 0) < learning_rate(recipe, 199)
    assert learning_rate(recipe, 999) < recipe.learning_rate / 1000


def test_the_exported_model_answers_as_the_network_it_came_from(tmp_path: Path) -> None:
    torch.manual_seed(4)
    network = CopyNetwork()
    pictures = np.stack([draw((2, number), 96) for number in range(8)])
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    network(planes)  # training mode: the normalisation sees some pictures
    network.eval()

    file = ModelFile(tmp_path, model_of(network).SerializeToString(), "test")
    with torch.no_grad():
        expected = network(planes).numpy()

    assert np.abs(OnnxModel(file).embed(pictures) - expected).max() < 1e-4


def test_both_runtimes_of_the_shipped_model_agree_within_two_thousandths() -> None:
    file = read_model()
    pictures = np.stack([draw((3, number), 96) for number in range(16)])

    first, second = OnnxModel(file).embed(pictures), TorchModel(file, "cpu").embed(pictures)

    assert (first * second).sum(axis=1).min() > 1 - 1e-5
    assert np.abs(first @ first.T - second @ second.T).max() < 0.002


def test_whole_frames_embedded_in_torch_are_near_those_squeezed_before() -> None:
    model = TorchModel(read_model(), "cpu")
    frames = np.stack([draw((4, number), 192) for number in range(4)])
    squeezed = frames.reshape(4, 96, 2, 96, 2, 3).mean((2, 4)).round().astype(np.uint8)

    found = model.embed_frames(torch.from_numpy(frames)).numpy()

    assert (found * model.embed(squeezed)).sum(axis=1).min() > 0.998
