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
from autodedup.engine.gpu.chip import chip_of  # noqa: E402
from autodedup.engine.gpu.sign import GpuSigner  # noqa: E402
from autodedup.engine.gpu.state import gpu_state  # noqa: E402
from autodedup.engine.media.costs import Costs  # noqa: E402
from autodedup.engine.media.reading import Seen  # noqa: E402
from autodedup.engine.settings import Settings  # noqa: E402
from autodedup.engine.signature.sign import sign  # noqa: E402
from autodedup.engine.workbench import Workbench  # noqa: E402
from autodedup.schemas.find_duplicates import FindArguments  # noqa: E402

OpenBench = Callable[..., Workbench]
pytestmark = pytest.mark.gpu


def test_this_machine_can_decode_on_its_gpu() -> None:
    state = gpu_state(Settings())
    assert state.usable, state.why


@pytest.mark.parametrize("encoding", [Encoding(), Encoding(video="libx265")], ids=["h264", "hevc"])
def test_signatures_by_nvdec_are_those_of_the_cpu(tmp_path: Path, encoding: Encoding) -> None:
    import PyNvVideoCodec as nvc  # noqa: N813

    chip = chip_of(nvc, torch.cuda.get_device_name())
    assert chip.largest, "the chip says that it decodes nothing"
    signer = GpuSigner(nvc, chip, None, "cuda")
    for seed, size in enumerate(((640, 360), (320, 180), (1280, 720))):
        path = tmp_path / f"{seed}.mp4"
        encode(render_film(seed, size=size, seconds=4.0), path, encoding)
        seen = Seen.of(path.stat())
        ours, _ = signer.sign(
            os.fspath(path), seen, lambda _: None, embedded=False, costs=Costs(), cpu_wait_s=0.0
        )
        theirs = sign(os.fspath(path), seen)
        np.testing.assert_allclose(ours.times_seconds, theirs.times_seconds, atol=1e-6)
        bits = np.bitwise_count(ours.hashes[:, 0] ^ theirs.hashes[:, 0]).sum(axis=-1)
        assert bits.mean() <= 3
        assert np.quantile(bits, 0.99) <= 16


def test_a_library_ingested_on_the_gpu_has_the_groups_of_the_cpu(
    ingested: Path, fresh_library: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    def groups(bench: Workbench) -> set[tuple[str, frozenset[str]]]:
        asked = FindArguments(kinds=("exact", "same_stream", "near", "contains", "overlap"))
        found = bench.find_duplicates(asked, PATIENT).groups
        return {(group.kind, frozenset(str(file.path) for file in group.files)) for group in found}

    # The GPU's process takes seconds to load; the CPU would be done with so few films by then.
    on_gpu = open_bench(fresh_library, device="cuda", workers=1)
    assert any(ingest(on_gpu, force=True).route.nvdec for _ in range(10))
    assert groups(on_gpu) == groups(open_bench(shutil.copytree(ingested, tmp_path / "cpu")))
