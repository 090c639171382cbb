"""What decoding and torch take of a GPU's memory stays within the share that was granted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.gpu.memory import divided
from autodedup.engine.gpu.state import GpuState
from autodedup.engine.ingest.run import IngestRun
from autodedup.engine.media.kept import MOST_KINDS, SURFACES, KeptDecoders, surface_bytes
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.ingest import IngestArguments
from autodedup.schemas.vocabulary import Tier

H264, HEVC_10 = ("h264", 8), ("hevc", 10)
FULL_HD = (1920, 1080)
GIB = 1 << 30

kinds = st.tuples(
    st.sampled_from(["h264", "hevc", "vp9", "av1", "mpeg4"]), st.sampled_from([8, 10])
)
sizes = st.tuples(st.integers(16, 8192), st.integers(16, 8192))


@pytest.mark.parametrize("share", [0.1, 0.8, 1.0])
@pytest.mark.parametrize("threads", [1, 3, 9])
def test_the_parts_of_a_process_come_to_its_share(share: float, threads: int) -> None:
    parts = divided(share, 80 * GIB, threads)
    granted = parts.torch_share * 80 * GIB + parts.thread_bytes * threads
    assert share * 80 * GIB - threads <= granted <= share * 80 * GIB
    assert parts.torch_share > 0


def test_a_picture_takes_one_byte_and_a_half_a_pixel_and_twice_that_for_ten_bits() -> None:
    assert surface_bytes(H264, FULL_HD) == 1920 * 1080 * 3 // 2
    assert surface_bytes(HEVC_10, FULL_HD) == 2 * surface_bytes(H264, FULL_HD)


def test_a_decoder_of_another_codec_is_kept_beside_the_first_while_there_is_room() -> None:
    both = (surface_bytes(H264, FULL_HD) + surface_bytes(HEVC_10, FULL_HD)) * SURFACES
    for most, kept_beside in ((both, True), (both - 1, False)):
        kept = KeptDecoders(most)
        kept.start_anew(H264, FULL_HD)
        assert kept.serves(HEVC_10, FULL_HD) == kept_beside


def test_films_that_grow_and_shrink_by_turns_begin_anew_once_only() -> None:
    kept = KeptDecoders(None)
    anew = 0
    for size in [(640, 360), FULL_HD] * 5:
        if not kept.serves(H264, size):
            kept.start_anew(H264, size)
            anew += 1
    assert anew == 2
    kept.start_anew(HEVC_10, FULL_HD)
    assert kept.start_anew(H264, (640, 360)) == FULL_HD


@pytest.mark.parametrize(
    ("tiers", "usable", "share"),
    [
        (("exact", "copy"), True, 0.8),
        (("exact", "copy", "semantic"), True, 0.4),
        (("semantic",), False, 0.8),
    ],
)
def test_where_two_processes_use_the_gpu_each_gets_half_the_share(
    tmp_path: Path, tiers: tuple[Tier, ...], usable: bool, share: float
) -> None:
    bench = Workbench(Settings(root=(tmp_path,), gpu_memory_share=0.8))
    run = IngestRun(*bench._open(), bench.settings, IngestArguments(tiers=tiers))
    assert run._gpu_share(GpuState(usable=usable, why="made up")) == share
    bench.close()


@given(films=st.lists(st.tuples(kinds, sizes), max_size=30), most=st.integers(10**6, 10**10))
def test_whatever_films_come_what_is_kept_stays_within_its_bytes_and_serves_them(
    films: list[tuple[tuple[str, int], tuple[int, int]]], most: int
) -> None:
    kept = KeptDecoders(most)
    for kind, size in films:
        if not kept.has_room_for(kind, size):
            continue
        if not kept.serves(kind, size):
            made = kept.start_anew(kind, size)
            assert made[0] >= size[0]
            assert made[1] >= size[1]
        assert kept.held_bytes <= most
        assert len(kept._kept) <= MOST_KINDS
        assert kept.serves(kind, size)
