"""What only a GPU can show: the real decoder, its surfaces, and the groups it leads to.

Skipped without one; with REQUIRE_GPU=1 they fail there. No GPU has run them yet.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENT, ingest

torch = pytest.importorskip("torch", reason="torch is not installed")

from autodedup.engine.footage.encode import Encoding, encode  # noqa: E402
from autodedup.engine.footage.film import render_film  # noqa: E402
from autodedup.engine.footage.library import Made  # noqa: E402
from autodedup.engine.gpu.chip import chip_of  # noqa: E402
from autodedup.engine.gpu.lane import GpuLane  # noqa: E402
from autodedup.engine.gpu.memory import divided  # noqa: E402
from autodedup.engine.gpu.sign import GpuSigner  # noqa: E402
from autodedup.engine.gpu.state import GpuState, gpu_state  # noqa: E402
from autodedup.engine.ingest import run  # noqa: E402
from autodedup.engine.ingest.decoders import Decoders  # noqa: E402
from autodedup.engine.media import nvdec, software  # noqa: E402
from autodedup.engine.media.costs import Costs  # noqa: E402
from autodedup.engine.media.probe import probe  # noqa: E402
from autodedup.engine.media.reading import Seen, opened  # noqa: E402
from autodedup.engine.settings import Settings  # noqa: E402
from autodedup.engine.signature.sign import sign  # noqa: E402
from autodedup.engine.workbench import Workbench  # noqa: E402
from autodedup.engine.workers.pool import WorkerPool  # noqa: E402
from autodedup.schemas.find_duplicates import FindArguments  # noqa: E402

OpenBench = Callable[..., Workbench]
pytestmark = pytest.mark.gpu


def test_this_machine_can_decode_on_its_gpu() -> None:
    state = gpu_state(Settings())
    assert state.usable, state.why


ENCODINGS = {
    "h264": Encoding(),
    "hevc": Encoding(video="libx265"),
    "many keyframes": Encoding(keyframe_seconds=1.0),
    "open groups": Encoding(video="libx265", keyframe_seconds=1.0),
    "matroska": Encoding(suffix=".mkv"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_signatures_by_nvdec_are_those_of_the_cpu(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import PyNvVideoCodec as nvc  # noqa: N813

    # Else the CPU takes the neighbour of a frame that it left out.
    monkeypatch.setattr(software._Film, "_skipped", lambda *_: "DEFAULT")
    chip = chip_of(nvc, torch.cuda.get_device_name())
    assert chip.largest, "the chip says that it decodes nothing"
    signer = GpuSigner(nvc, chip, None, "cuda")
    for seed, size in enumerate(((640, 360), (320, 180), (1280, 720))):
        path = tmp_path / f"{seed}{ENCODINGS[name].suffix}"
        encode(render_film(seed, size=size, seconds=4.0), path, ENCODINGS[name])
        seen = Seen.of(path.stat())
        ours, _ = signer.sign(
            os.fspath(path), seen, lambda _: None, embedded=False, costs=Costs(), cpu_wait_s=0.0
        )
        theirs = sign(os.fspath(path), seen)
        assert len(ours.times_seconds) == len(theirs.times_seconds)
        same = np.abs(ours.times_seconds - theirs.times_seconds) < 1e-6
        # Of open groups what comes before a keyframe is not taken, but its neighbour.
        assert same.mean() > 0.7 if name == "open groups" else same.all()
        bits = np.bitwise_count(ours.hashes[same, 0] ^ theirs.hashes[same, 0]).sum(axis=-1)
        assert bits.mean() <= 3
        assert np.quantile(bits, 0.99) <= 16


def test_pictures_are_those_of_surfaces_that_are_copied_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A surface written again before it was read would differ from its copy."""
    import PyNvVideoCodec as nvc  # noqa: N813

    path = tmp_path / "film.mp4"
    encode(render_film(3, size=(1280, 720), seconds=6.0), path, Encoding())

    def looked_at() -> torch.Tensor:
        source = nvdec.NvdecSource(nvc, "cuda")
        with opened(os.fspath(path)) as file:
            return source.look(file, probe(file), lambda _: None).pictures.cpu()

    lent = looked_at()
    borrow = nvdec.from_dlpack
    monkeypatch.setattr(nvdec, "from_dlpack", lambda frame: borrow(frame).clone())
    assert torch.equal(lent, looked_at())


def through_the_gpu(_run: run.IngestRun, pool: WorkerPool) -> Decoders:
    """Wait for the GPU's process: the CPU would be done with so few films before it has loaded."""
    lane = GpuLane(memory_share=0.5, timeout_s=120.0)
    lane.start()
    while not lane.gpu:
        assert lane.unusable is None, lane.unusable
        assert not list(lane._news())
    return Decoders(pool, GpuState(usable=True, why="it was waited for"), lane)


def test_a_library_ingested_on_the_gpu_has_the_groups_of_the_cpu(
    rendered: tuple[Path, list[Made]],
    tmp_path: Path,
    open_bench: OpenBench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def groups(device: str) -> set[tuple[str, frozenset[str]]]:
        bench = open_bench(shutil.copytree(rendered[0], tmp_path / device), device=device)
        route = ingest(bench).route
        assert (route.nvdec > 0) is (device == "cuda"), route
        asked = FindArguments(kinds=("exact", "same_stream", "near", "contains", "overlap"))
        found = bench.find_duplicates(asked, PATIENT).groups
        return {(group.kind, frozenset(str(file.path) for file in group.files)) for group in found}

    by_cpu = groups("cpu")
    monkeypatch.setattr(run.IngestRun, "_decoders", through_the_gpu)
    assert groups("cuda") == by_cpu


def test_decoding_and_hashing_stay_within_the_share_of_the_memory(tmp_path: Path) -> None:
    """Of the whole device, as the driver counts it: surfaces, torch and the context together."""
    import PyNvVideoCodec as nvc  # noqa: N813

    share = 0.25
    free_before, total = torch.cuda.mem_get_info()
    chip = chip_of(nvc, torch.cuda.get_device_name())
    parts = divided(share, total, 1)
    signer = GpuSigner(nvc, chip, None, "cuda", most_bytes=parts.thread_bytes)
    for seed, size in enumerate(((640, 360), (1920, 1080), (320, 180), (1280, 720))):
        path = tmp_path / f"{seed}.mp4"
        encode(render_film(seed, size=size, seconds=2.0), path, Encoding())
        signer.sign(
            os.fspath(path),
            Seen.of(path.stat()),
            lambda _: None,
            embedded=False,
            costs=Costs(),
            cpu_wait_s=1e6,
        )
    free_after, _ = torch.cuda.mem_get_info()
    context_bytes = 1 << 30  # of CUDA itself, in which no share is counted
    assert free_before - free_after <= share * total + context_bytes
