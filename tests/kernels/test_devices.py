"""Every kernel works where its pictures are, whatever device that is.

On torch's device without memory an operation that mixes devices fails, as it would on a GPU: a
matrix left on the CPU, a tensor made without saying where.
"""

import weakref
from collections.abc import Callable

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from autodedup.engine.embedding.model_file import read_model  # noqa: E402
from autodedup.engine.embedding.runtime import load_model  # noqa: E402
from autodedup.engine.embedding.shapes import VIEWS  # noqa: E402
from autodedup.engine.kernels import all_pairs, hashes, lending, wavelet  # noqa: E402
from autodedup.engine.kernels import pictures as kernels  # noqa: E402
from autodedup.engine.kernels.surfaces import small_colour, small_luma  # noqa: E402
from autodedup.engine.signature.views import CROPS  # noqa: E402

Kernel = Callable[[torch.Tensor], torch.Tensor]
LUMA = (70, 128, 228)
SURFACE = (270, 320)

KERNELS: dict[str, tuple[Kernel, tuple[int, ...], tuple[int, ...]]] = {
    "made small": (lambda p: kernels.made_small(p, 64, 100), LUMA, (70, 64, 100)),
    "turned": (lambda p: kernels.turned_upright(p, 1), LUMA, (70, 228, 128)),
    "cut": (
        lambda p: kernels.cut_out(p, (0.1, 0.2, 0.9, 0.8), (96, 128)),
        (5, 96, 160, 3),
        (5, 96, 128, 3),
    ),
    "transformed": (hashes.coefficients, LUMA, (70, len(CROPS), 16, 16)),
    "hashed": (lambda p: hashes.hashes_of(hashes.coefficients(p)), LUMA, (70, len(CROPS), 32)),
    "judged": (lambda p: hashes.quality_of(hashes.coefficients(p)[:, 0]), LUMA, (70,)),
    "hashed by wavelets": (wavelet.whashes, LUMA, (70,)),
    "luma": (lambda s: small_luma(s, 128, 228, full_range=False), SURFACE, (128, 228)),
    "colour": (
        lambda s: small_colour(s, (96, 160), full_range=False, matrix="bt709"),
        SURFACE,
        (96, 160, 3),
    ),
}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_stays_on_the_device_of_its_pictures(name: str) -> None:
    kernel, shape, expected = KERNELS[name]
    found = kernel(torch.empty(shape, dtype=torch.uint8, device="meta"))
    assert found.device.type == "meta"
    assert found.shape == expected


def test_the_copy_network_stays_on_the_device_of_its_numbers() -> None:
    pytest.importorskip("onnx", reason="the copy model in torch needs onnx")
    from autodedup.engine.embedding.torch_runtime import TorchModel

    model = TorchModel(read_model(), "meta")
    found = model.embed_tensor(torch.empty((7, 96, 160, 3), dtype=torch.uint8))
    assert found.device.type == "meta"
    assert found.shape == (7, len(VIEWS), 128)


def test_all_pairs_stay_on_their_device_until_they_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("ROWS", "COLUMNS"):
        monkeypatch.setitem(getattr(all_pairs, name), "meta", 64)
    table = all_pairs.Frames(np.arange(100), np.zeros((100, 2, 32), dtype=np.uint8))
    places = np.arange(100)
    told = []

    def found(near: torch.Tensor) -> torch.Tensor:
        told.append((near.device.type, tuple(near.shape), near.dtype))
        return torch.zeros((0, 2), dtype=torch.int64)

    monkeypatch.setattr(torch, "nonzero", found)
    assert list(all_pairs.AllPairs(table, 70, "meta").rows(places, places))
    assert told[:2] == [("meta", (64, 64), torch.bool), ("meta", (36, 64), torch.bool)]


def test_the_copy_network_in_torch_says_what_it_says_on_the_cpu(device: str) -> None:
    pytest.importorskip("onnx", reason="the copy model in torch needs onnx")
    from autodedup.engine.embedding.torch_runtime import TorchModel

    pictures = np.random.default_rng(3).integers(0, 256, (9, 96, 160, 3), dtype=np.uint8)
    found = TorchModel(read_model(), device).embed(pictures)
    expected = load_model().embed(pictures)
    assert (found * expected).sum(axis=-1).min() > 0.9999


def test_the_copy_network_lets_go_of_what_it_has_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a GPU would hold every layer of every frame at once."""
    pytest.importorskip("onnx", reason="the copy model in torch needs onnx")
    from autodedup.engine.embedding import torch_runtime

    held: list[int] = []
    made: list[weakref.ref[torch.Tensor]] = []

    def watched(operation: torch_runtime.Operation) -> torch_runtime.Operation:
        def work(read: list[torch.Tensor], attributes: torch_runtime.Attributes) -> torch.Tensor:
            held.append(sum(each() is not None for each in made))
            found = operation(read, attributes)
            made.append(weakref.ref(found))
            return found

        return work

    operations = {name: watched(each) for name, each in torch_runtime._OPERATIONS.items()}
    monkeypatch.setattr(torch_runtime, "_OPERATIONS", operations)
    model = torch_runtime.TorchModel(read_model(), "cpu")
    model.embed_tensor(torch.zeros((2, 96, 160, 3), dtype=torch.uint8))
    assert len(held) > 50
    assert max(held) <= 6


class Lent:
    """A matrix on a GPU, as far as lending it goes."""

    is_cuda, device = True, "cuda:0"

    def __init__(self) -> None:
        self.streams: list[str] = []

    def record_stream(self, stream: str) -> None:
        self.streams.append(stream)


def test_every_stream_that_borrows_a_matrix_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its memory would be written over while another thread's stream still reads it."""
    made: list[Lent] = []

    def make(_length: int) -> torch.Tensor:
        made.append(Lent())
        return made[-1]  # type: ignore[return-value]  # lent out as one

    borrow = lending.kept(2)(make)
    for stream in ("first", "second", "first"):
        monkeypatch.setattr(torch.cuda, "current_stream", lambda _device, name=stream: name)
        borrow(64)
    assert [each.streams for each in made] == [["first", "second", "first"]]
