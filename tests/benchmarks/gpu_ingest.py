"""What a GPU gains: ingest against a bare decode loop and against the CPU, and all pairs of frames.

    python tests/benchmarks/gpu_ingest.py /videos                   on a machine with an NVIDIA GPU
    python tests/benchmarks/gpu_ingest.py --dry-run                 anywhere: does the script run?

Without a folder, films are rendered. `--dry-run` takes the stand-in of the tests for PyNvVideoCodec
and the CPU for the GPU: only its parity means anything, since one and the same decoder gives the
pictures that torch and numpy then hash. The rows it prints are those of docs/gpu.md.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

sys.path.insert(0, os.fspath(Path(__file__).parents[1]))

from autodedup.engine.caller import Caller
from autodedup.engine.errors import FileError
from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import render_film
from autodedup.engine.gpu.chip import chip_of
from autodedup.engine.gpu.lane import GpuLane
from autodedup.engine.gpu.search import GpuSearch
from autodedup.engine.gpu.state import GpuState, gpu_state
from autodedup.engine.ingest import run as ingest_run
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.kernels.hashes import coefficients, hashes_of
from autodedup.engine.media import software
from autodedup.engine.media.costs import Costs, is_dense, work
from autodedup.engine.media.nvdec import BATCH, NotByNvdecError, NvdecSource
from autodedup.engine.media.probe import probe
from autodedup.engine.media.reading import opened
from autodedup.engine.media.software import SoftwareSource
from autodedup.engine.settings import VIDEO_EXTENSIONS, Settings
from autodedup.engine.signature import perceptual
from autodedup.engine.signature.views import TURNS, VIEWS
from autodedup.engine.workbench import Workbench
from autodedup.engine.workers.pool import WorkerPool
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestAnswer, IngestArguments

_SAME_S = 0.005  # two decoders' times of one picture
MOST_PRODUCTS = 10**12  # frame pairs of one search that is waited for
PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)
CHILD = Path(__file__).parents[1] / "gpu_child_stand_in.py"


def main() -> None:
    options = asked()
    nvc, chip_name = decoder(dry_run=options.dry_run)
    engines = chip_of(nvc, chip_name).engines
    print(f"{chip_name}: {engines} decoders; {os.cpu_count()} CPU cores\n")
    print("| what | figure |\n|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or rendered(Path(scratch))
        films = [f for f in sorted(folder.rglob("*")) if f.suffix[1:].lower() in VIDEO_EXTENSIONS]
        device = "cpu" if options.dry_run else "cuda"
        row("films", f"{len(films)}")
        bare = bare_decode(nvc, films, engines)
        row("bare decode loop, video-seconds a second", f"{bare:.1f}")
        by_gpu, gpu_groups = ingested(folder, Path(scratch) / "gpu.db", dry_run=options.dry_run)
        by_cpu, cpu_groups = ingested(folder, Path(scratch) / "cpu.db", device="cpu")
        share = f"{by_gpu / bare:.0%}" if bare else "NVDEC decoded none of them"
        row("share of the bare decode loop (aim 90 %)", share)
        row("times as fast as the CPU", f"{by_gpu / by_cpu:.1f}")
        row("groups identical", "yes" if gpu_groups == cpu_groups else "NO")
        parity(nvc, films, device)
        costs(nvc, films, device)
        for frames in options.pairs or [5_000 if options.dry_run else 1_000_000]:
            all_pairs(frames, device)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--pairs", type=int, nargs="+", help="frames to search all pairs of")
    return parser.parse_args()


def row(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


def decoder(*, dry_run: bool) -> tuple[ModuleType, str]:
    if dry_run:
        from nvdec_stand_in import stand_in

        return stand_in(), "stand-in"
    state = gpu_state(Settings())
    if not state.usable:
        sys.exit(f"No GPU can be used: {state.why}. --dry-run runs the script without one.")
    import PyNvVideoCodec
    import torch

    return PyNvVideoCodec, torch.cuda.get_device_name()


def rendered(scratch: Path) -> Path:
    folder = scratch / "films"
    folder.mkdir()
    for seed in range(4):
        film = render_film(seed, size=(640, 360), seconds=6.0)
        encode(film, folder / f"film{seed}.mp4", Encoding())
        encode(film, folder / f"film{seed}-small.mkv", Encoding(suffix=".mkv", quality=32))
    return folder


def bare_decode(nvc: ModuleType, films: list[Path], engines: int) -> float:
    """Return video-seconds a second of decoding every picture and doing nothing with it."""
    waiting = iter(films)
    lock = threading.Lock()
    seconds: list[float] = []

    def decode() -> None:
        while True:
            with lock:
                path = next(waiting, None)
            if path is None:
                return
            with suppress(Exception):  # what NVDEC cannot do is no part of its loop
                decoder = nvc.SimpleDecoder(
                    os.fspath(path), output_color_type=nvc.OutputColorType.NATIVE
                )
                left = len(decoder)  # asked for more, it complains of each
                while left > 0 and decoder.get_batch_frames(min(BATCH, left)):
                    left -= BATCH
                with opened(os.fspath(path)) as file:
                    seconds.append(probe(file).duration_seconds or 0.0)

    begun = time.monotonic()
    threads = [threading.Thread(target=decode) for _ in range(engines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(seconds) / (time.monotonic() - begun)


def ingested(
    folder: Path, db: Path, *, dry_run: bool = False, device: str = "auto"
) -> tuple[float, set[frozenset[str]]]:
    """Return video-seconds a second of a whole ingest, and the groups found after it."""
    settings = Settings.model_validate({"root": (folder,), "db": db, "device": device})
    usual = ingest_run.IngestRun._decoders
    if dry_run:
        ingest_run.IngestRun._decoders = through_the_stand_in  # type: ignore[method-assign]
    bench = Workbench(settings)
    try:
        with watched() as busy:
            answer: IngestAnswer = bench.ingest(IngestArguments(), PATIENT)
        name = "CPU" if device == "cpu" else "GPU"
        row(f"{name} ingest, video-seconds a second", f"{answer.rate.media_s_per_s}")
        row(f"{name} ingest, routes", f"nvdec {answer.route.nvdec}, pyav {answer.route.pyav}")
        for why, count in answer.route.why.items():
            if device != "cpu":
                row(f"left to the CPU: {why}", f"{count}")
        if busy and device != "cpu":
            row("decoders waiting, share of the time", f"{1 - statistics.fmean(busy) / 100:.0%}")
        found = bench.find_duplicates(FindArguments(limit=200), PATIENT).groups
        groups = {frozenset(str(file.path) for file in group.files) for group in found}
        return max(answer.rate.media_s_per_s, 1e-9), groups
    finally:
        bench.close()
        ingest_run.IngestRun._decoders = usual  # type: ignore[method-assign]


def through_the_stand_in(_run: ingest_run.IngestRun, pool: WorkerPool) -> Decoders:
    lane = GpuLane(memory_share=1.0, timeout_s=120.0, command=[sys.executable, os.fspath(CHILD)])
    lane.start()
    while not lane.gpu and lane.unusable is None:
        list(lane._news())
    return Decoders(pool, GpuState(usable=True, why="dry run"), lane)


@contextmanager
def watched() -> Iterator[list[float]]:
    """Sample how busy the decoders of the GPU are, in per cent, by the driver's own tool."""
    samples: list[float] = []
    over = threading.Event()
    command = ["nvidia-smi", "--query-gpu=utilization.decoder", "--format=csv,noheader,nounits"]

    def watch() -> None:
        while not over.wait(0.5):
            try:
                told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
                samples.append(float(told.split()[0]))
            except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
                return

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield samples
    finally:
        over.set()
        watching.join()


def costs(nvc: ModuleType, films: list[Path], device: str) -> None:
    """Print what `media.costs` goes by: seconds a megapixel, dense and by keyframes, both ways."""
    known, cpu = Costs(), {True: [0.0, 0.0], False: [0.0, 0.0]}
    source = NvdecSource(nvc, device)
    for path in films:
        with opened(os.fspath(path)) as file:
            facts = probe(file)
            begun = time.monotonic()
            with suppress(NotByNvdecError):
                source.look(file, facts, lambda _: None)
                known = known.measured(facts, time.monotonic() - begun)
            began = time.process_time()
            SoftwareSource().look(file, facts, lambda _: None)
            taken = cpu[is_dense(facts)]
            taken[0] += time.process_time() - began
            taken[1] += work(facts)
    for dense, gpu in ((True, known.gpu_picture_s), (False, known.gpu_keyframe_s)):
        what = "dense" if dense else "keyframes"
        if cpu[dense][1]:
            row(f"CPU, {what}, ms a megapixel", f"{1000 * cpu[dense][0] / cpu[dense][1]:.3f}")
        if gpu is not None:
            row(f"GPU, {what}, ms a megapixel", f"{1000 * gpu:.3f}")


def parity(nvc: ModuleType, films: list[Path], device: str) -> None:
    """Print how far the hashes of the same frames lie apart, of whole pictures, in bits of 256."""
    usual = software.prepare
    for how, prepare in (
        ("with its loop filter on the CPU", with_its_loop_filter),
        ("as the CPU signs, without it", usual),
    ):
        software.prepare = prepare
        source = NvdecSource(nvc, device)
        apart: list[NDArray[np.uint8]] = []
        for path in films:
            with suppress(NotByNvdecError, FileError), opened(os.fspath(path)) as file:
                facts = probe(file)
                ours = source.look(file, facts, lambda _: None)
                theirs = SoftwareSource().look(file, facts, lambda _: None)
                hashed = hashes_of(coefficients(ours.pictures))[:, 0].cpu().numpy()
                expected = perceptual.hashes_of(perceptual.coefficients(theirs.pictures))[:, 0]
                same = np.abs(ours.times_seconds[:, None] - theirs.times_seconds) < _SAME_S
                mine, its = np.nonzero(same)
                apart.append(np.bitwise_count(hashed[mine] ^ expected[its]).sum(axis=-1))
        software.prepare = usual
        if apart:
            bits = np.concatenate(apart)
            row(f"frames compared, {how}", f"{len(bits)}")
            row(f"within 2 of 256 bits, {how}", f"{(bits <= 2).mean():.1%}")
            row(f"furthest apart, {how}", f"{bits.max()} bits")


def with_its_loop_filter(stream: VideoStream) -> None:
    """Decode on the CPU as NVDEC does: nothing left out."""
    stream.codec_context.thread_count = 1


def all_pairs(frames: int, device: str) -> None:
    """Print how long the search of all pairs of so many frames takes: whole, or of a part."""
    rng = np.random.default_rng(1)
    hashes = rng.integers(0, 256, (frames, len(VIEWS), 32), dtype=np.uint8)
    places = np.arange(frames, dtype=np.int64)
    asked = places[: min(frames, max(1, MOST_PRODUCTS // frames))]
    search = GpuSearch(device=device, fewest_products=0)  # type: ignore[arg-type]  # cpu or cuda
    begun = time.monotonic()
    found = search.pairs(
        places // 100,
        hashes,
        [(asked, places)],
        70,
        stop=threading.Event(),
        report=lambda _: None,
    )
    took = time.monotonic() - begun
    what = f"all pairs of {frames:,} frames, {len(VIEWS)} views, {len(TURNS)} turns"
    if found is None:
        row(what, "failed")
    elif len(asked) == frames:
        row(what, f"{took:.1f} s")
    else:
        row(f"{len(asked):,} frames among {frames:,}, as many views and turns", f"{took:.1f} s")
        row(f"{what}: reckoned from that", f"{took * frames / len(asked):.0f} s")


if __name__ == "__main__":
    main()
