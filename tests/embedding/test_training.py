"""Training learns, repeats itself, and exports exactly what it learned."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch trains; it is no part of the base install")
pytest.importorskip("onnx", reason="onnx writes the model file; it is no part of the base install")

from torch.nn import functional  # noqa: E402

from autodedup.engine.embedding.edits import Reach, pairs  # noqa: E402
from autodedup.engine.embedding.export import model_of, trained  # noqa: E402
from autodedup.engine.embedding.framing import (  # noqa: E402
    Levels,
    Rects,
    Size,
    covered,
    levels_of,
)
from autodedup.engine.embedding.gallery import make_gallery  # noqa: E402
from autodedup.engine.embedding.model_file import ModelFile, read_model  # noqa: E402
from autodedup.engine.embedding.network import CopyNetwork  # noqa: E402
from autodedup.engine.embedding.pictures import draw, marks  # noqa: E402
from autodedup.engine.embedding.runtime import OnnxModel  # noqa: E402
from autodedup.engine.embedding.shapes import Shape, parts  # noqa: E402
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


def pictures_of(seed: int, count: int, side: int = 128) -> torch.Tensor:
    return torch.from_numpy(np.stack([draw((seed, number), side) for number in range(count)]))


def levels(seed: int, count: int) -> Levels:
    pictures = pictures_of(seed, count)
    return levels_of(pictures, pictures[:, ::2, ::2])


def cut_out(pictures: torch.Tensor, places: Rects, side: int = 16) -> torch.Tensor:
    """Return (n, 3, 16, 16): what lies in these places of the pictures."""
    maps = torch.cat([torch.diag_embed(places.half), places.centre[:, :, None]], 2)
    grid = functional.affine_grid(maps, [len(maps), 3, side, side], align_corners=False)
    return functional.grid_sample(pictures, grid, align_corners=False)


@pytest.mark.parametrize("sizes", [((64, 96), (48, 48)), ((96, 64), (32, 64))])
def test_edits_keep_the_shape_the_range_and_the_order(sizes: tuple[Size, Size]) -> None:
    overlays = torch.from_numpy(marks(1, 4, (96, 16))).permute(0, 3, 1, 2).float() / 255
    reach = Reach(0.4, 0.4)

    first, again = (
        pairs(levels(1, 24), sizes, reach, overlays, torch.Generator().manual_seed(1))
        for _ in range(2)
    )

    for each, size in zip((first.large, first.small), sizes, strict=True):
        assert each.shape == (len(first.taken), 3, *size)
        assert torch.isfinite(each).all()
        assert each.min() >= 0
        assert each.max() <= 1
    assert torch.equal(first.large, again.large)
    for places in (first.in_large, first.in_small):
        assert (places.centre.abs() + places.half <= 1 + 1e-5).all()


def test_what_one_copy_shows_lies_where_it_is_said_to_in_the_other() -> None:
    drawn = pairs(
        levels(2, 80),
        ((96, 96), (96, 96)),
        Reach(0.5, 0.5),
        torch.zeros(1, 4, 16, 96),
        torch.Generator().manual_seed(2),
    )

    elsewhere = Rects(-drawn.in_large.centre, drawn.in_large.half)
    small = cut_out(drawn.small, drawn.in_small).mean((2, 3)).flatten()
    said, wrong = (
        np.corrcoef(cut_out(drawn.large, places).mean((2, 3)).flatten(), small)[0, 1]
        for places in (drawn.in_large, elsewhere)
    )
    # Whatever was done to their light, the mean colours of the two parts go together.
    assert said > 0.4
    assert said > wrong + 0.05


def test_places_cover_their_share_of_the_cells() -> None:
    places = Rects(torch.tensor([[-0.5, 0.0]]), torch.tensor([[0.5, 1.0]]))

    cover = covered(places, (2, 4))

    assert torch.equal(cover[0, 0], torch.tensor([[1.0, 1, 0, 0], [1, 1, 0, 0]]))


def test_a_few_steps_on_one_batch_lower_its_loss(folder: Path) -> None:
    recipe = Recipe(steps=1000, batch=12, drawn=12)
    run = Run.begin(recipe, CPU)
    gallery = make_gallery(folder, seed=1, photo_folder=None, squares=1, drawn=12)
    batch = Batches(recipe, gallery)[0]
    run.step = 90  # past the slowest part of the warm-up

    losses = [take_step(run, recipe, batch)[0] for _ in range(8)]

    assert losses[-1] < losses[0] - 0.3


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(folder: Path, tmp_path: Path) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    for each in (whole, halves):
        each.mkdir()
        for name in ("pictures.npy", "halves.npy", "sources.npy"):
            (each / name).write_bytes((folder / name).read_bytes())
    gallery = make_gallery(folder, seed=1, photo_folder=None, squares=1, drawn=12)
    stopped = Run.begin(TINY, CPU)
    for step in range(2):
        take_step(stopped, TINY, Batches(TINY, gallery)[step])
    stopped.save(halves / "network.pt", TINY)

    results = [trained(train(TINY, each, None, CPU, workers=0)) for each in (whole, halves)]

    for first, second in zip(*(each.state_dict().values() for each in results), strict=True):
        assert torch.allclose(first, second, atol=1e-6)


def test_the_temperature_cools_and_the_learning_rate_ends_at_nothing() -> None:
    recipe = Recipe(steps=1000)

    assert temperature(recipe, 0) > temperature(recipe, 100) > temperature(recipe, 200)
    assert temperature(recipe, 200) == pytest.approx(temperature(recipe, 999))
    assert learning_rate(recipe, 0) < learning_rate(recipe, 99)
    assert learning_rate(recipe, 999) < recipe.learning_rate / 1000


def test_the_exported_model_answers_as_the_network_it_came_from(tmp_path: Path) -> None:
    torch.manual_seed(4)
    network = CopyNetwork()
    pictures = np.stack([draw((2, number), 160)[:96] for number in range(6)])
    planes = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    windows, everything = torch.from_numpy(parts((96, 160))), torch.full((1, 15), 1 / 15)
    network(planes, windows)  # training mode: the normalisation sees some pictures
    network.eval()

    file = ModelFile(tmp_path, model_of(network).SerializeToString(), "test")
    with torch.no_grad():
        small = network(functional.avg_pool2d(planes, 2), everything)
        expected = torch.cat([network(planes, windows), small], 1).numpy()

    assert np.abs(OnnxModel(file).embed(pictures) - expected).max() < 1e-4


@pytest.mark.parametrize("shape", [(96, 160), (160, 96), (128, 128)])
def test_both_runtimes_of_the_shipped_model_agree_within_two_thousandths(shape: Shape) -> None:
    file = read_model()
    pictures = np.stack([draw((3, n), 160)[: shape[0], : shape[1]] for n in range(16)])

    first, second = OnnxModel(file).embed(pictures), TorchModel(file, "cpu").embed(pictures)

    assert np.abs(first - second).max() < 1e-4
    assert np.abs(first @ first[0].T - second @ second[0].T).max() < 0.002


def test_whole_frames_embedded_in_torch_are_near_those_squeezed_before() -> None:
    model = TorchModel(read_model(), "cpu")
    frames = np.stack([draw((4, number), 320)[:192] for number in range(4)])
    squeezed = frames.reshape(4, 96, 2, 160, 2, 3).mean((2, 4)).round().astype(np.uint8)

    found = model.embed_frames(torch.from_numpy(frames)).numpy()

    assert np.linalg.norm(found - model.embed(squeezed), axis=2).max() < 0.06
