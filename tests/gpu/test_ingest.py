"""A library ingested through the GPU's process (the stand-in) has the groups that the CPU finds."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PATIENT, ingest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("onnx", reason="the copy model in torch needs onnx")

from autodedup.engine.gpu.lane import GpuLane
from autodedup.engine.gpu.state import GpuState
from autodedup.engine.ingest import run
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.workbench import Workbench
from autodedup.engine.workers.pool import WorkerPool
from autodedup.schemas.find_duplicates import FindArguments

CHILD = Path(__file__).parents[1] / "gpu_child_stand_in.py"
OpenBench = Callable[..., Workbench]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/fd")


def through_the_stand_in(_run: run.IngestRun, pool: WorkerPool) -> Decoders:
    lane = GpuLane(memory_share=1.0, timeout_s=120.0, command=[sys.executable, str(CHILD)])
    lane.start()
    while not lane.gpu:
        assert lane.unusable is None
        assert not list(lane._news())
    return Decoders(pool, GpuState(usable=True, why="stand-in"), lane)


def groups(bench: Workbench) -> set[tuple[str, frozenset[str]]]:
    asked = FindArguments(kinds=("exact", "same_stream", "near", "contains", "overlap"))
    found = bench.find_duplicates(asked, PATIENT).groups
    return {(group.kind, frozenset(str(file.path) for file in group.files)) for group in found}


def test_the_groups_are_identical(
    ingested: Path, fresh_library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run.IngestRun, "_decoders", through_the_stand_in)
    bench = open_bench(fresh_library)
    route = ingest(bench).route
    assert route.nvdec >= 5, route.why
    assert route.nvdec + route.pyav == 10
    assert groups(bench) == groups(open_bench(shutil.copytree(ingested, fresh_library / "../cpu")))
