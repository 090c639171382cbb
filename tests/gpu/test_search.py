"""All pairs by matrix products on a device are the pairs that the CPU finds, every one."""

import threading

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="torch is not installed")

from autodedup.engine.gpu.search import GpuSearch  # noqa: E402
from autodedup.engine.kernels import all_pairs  # noqa: E402
from autodedup.engine.match import search  # noqa: E402
from autodedup.engine.match.frames import FrameTable  # noqa: E402
from autodedup.engine.match.search import Hits, similar_frames  # noqa: E402
from autodedup.engine.signature.views import VIEWS, turned  # noqa: E402

NEAR_BITS = 70


@pytest.fixture(scope="module")
def table() -> FrameTable:
    """Frames of fifteen clips, some of them turned and edited copies of others."""
    rng = np.random.default_rng(4)
    count = 300
    hashes = rng.integers(0, 256, (count, len(VIEWS), 32), dtype=np.uint8)
    for copy, original in enumerate(range(0, 150, 3), start=150):
        noise = np.packbits(rng.random(256) < 0.15)
        view = int(rng.integers(len(VIEWS)))
        turn = ("upright", "mirror", "turn90")[copy % 3]
        hashes[copy, 0] = turned(hashes[original, view], turn) ^ noise
    place = np.arange(count, dtype=np.int64)
    return FrameTable(owner=place // 20, place=place % 20, hashes=hashes)


def rows(hits: Hits) -> list[tuple[int, ...]]:
    found = np.stack((hits.whole, hits.viewed, hits.view, hits.turn), axis=1)
    return sorted(map(tuple, found.tolist()))


def found_by(table: FrameTable, gpu: GpuSearch | None, like: int | None = None) -> Hits:
    stop = threading.Event()
    return similar_frames(table, NEAR_BITS, like=like, stop=stop, report=lambda _: None, gpu=gpu)


def always(device: str) -> GpuSearch:
    return GpuSearch(device=device, fewest_products=0)  # type: ignore[arg-type]  # a fixture's word


@pytest.mark.parametrize("like", [None, 3])
def test_the_pairs_are_those_of_the_cpu(
    table: FrameTable, device: str, like: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = found_by(table, None, like)
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)
    monkeypatch.setattr(search, "EXACT_PRODUCTS_OF_ONE", 0, raising=False)
    assert rows(found_by(table, always(device), like)) == rows(exact)
    assert len(exact.whole) > 5


def test_tiles_of_any_size_give_the_same_pairs(
    table: FrameTable, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = np.arange(len(table.owner), dtype=np.int64)
    frames = all_pairs.Frames(table.owner, table.hashes)

    def found() -> NDArray[np.int64]:
        made = all_pairs.AllPairs(frames, NEAR_BITS, device)
        return np.concatenate([pairs for _, pairs in made.rows(places, places)])

    whole = found()
    monkeypatch.setattr(all_pairs, "ROWS", {device: 128})
    monkeypatch.setattr(all_pairs, "COLUMNS", {device: 160})
    assert sorted(map(tuple, found().tolist())) == sorted(map(tuple, whole.tolist()))


def test_a_stop_ends_the_search(table: FrameTable) -> None:
    stop = threading.Event()
    stop.set()
    places = np.arange(len(table.owner), dtype=np.int64)
    found = always("cpu").pairs(
        table.owner, table.hashes, [(places, places)], NEAR_BITS, stop=stop, report=lambda _: None
    )
    assert found is None


def test_where_the_gpu_fails_the_cpu_searches(
    table: FrameTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)
    expected = found_by(table, None)
    assert rows(found_by(table, always("cuda"))) == rows(expected)


def test_a_gpu_is_asked_only_for_work_that_is_worth_its_start() -> None:
    gpu = GpuSearch()
    assert not gpu.is_worth_it(1_000, 1_000)
    assert gpu.is_worth_it(1_000_000, 1_000_000)
    assert not gpu.is_worth_it(10_000_000, 10_000_000)
