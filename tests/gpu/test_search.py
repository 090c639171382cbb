"""All pairs by matrix products on a device are the pairs that the CPU finds, every one."""

import subprocess
import threading
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="torch is not installed")

from autodedup.engine.gpu import state  # noqa: E402
from autodedup.engine.gpu.search import GpuSearch, gpu_search  # noqa: E402
from autodedup.engine.kernels import all_pairs  # noqa: E402
from autodedup.engine.match import search  # noqa: E402
from autodedup.engine.match.frames import FrameTable  # noqa: E402
from autodedup.engine.match.search import Hits, similar_frames  # noqa: E402
from autodedup.engine.settings import Settings  # noqa: E402
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


def test_a_stop_in_mid_search_ends_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a search that would take hours here."""
    started: list[subprocess.Popen[bytes]] = []
    real = subprocess.Popen

    def start(*args: Any, **kwargs: Any) -> "subprocess.Popen[bytes]":
        started.append(real(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr("autodedup.engine.gpu.search.subprocess.Popen", start)
    count = 200_000
    hashes = np.random.default_rng(1).integers(0, 256, (count, len(VIEWS), 32), dtype=np.uint8)
    places = np.arange(count, dtype=np.int64)
    stop = threading.Event()
    told: list[float] = []

    def report(done: float) -> None:
        told.append(done)
        stop.set()

    found = always("cpu").pairs(
        places // 100, hashes, [(places, places)], NEAR_BITS, stop=stop, report=report
    )
    assert found is None
    assert len(told) == 1
    assert told[0] < 0.5
    (process,) = started
    assert process.poll() is not None


def test_where_the_gpu_fails_the_cpu_searches(
    table: FrameTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)
    expected = found_by(table, None)
    assert rows(found_by(table, always("cuda"))) == rows(expected)


def test_where_a_gpu_can_be_used_it_is_asked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "_driver_sees_one", lambda: True)
    monkeypatch.setattr(state, "_PACKAGES", ())
    found = gpu_search(Settings.model_validate({"gpu_memory_share": 0.3}))
    assert found == GpuSearch(memory_share=0.3, device="cuda")
    assert gpu_search(Settings.model_validate({"device": "cpu"})) is None
    monkeypatch.setattr(state, "_driver_sees_one", lambda: False)
    assert gpu_search(Settings()) is None


def test_a_gpu_is_asked_only_for_work_that_is_worth_its_start() -> None:
    gpu = GpuSearch()
    assert not gpu.is_worth_it(1_000, 1_000)
    assert gpu.is_worth_it(1_000_000, 1_000_000)
    assert not gpu.is_worth_it(10_000_000, 10_000_000)
