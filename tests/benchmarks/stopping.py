"""How long each stage goes on after it was told to stop, whatever it is doing: a second at most.

    python tests/benchmarks/stopping.py

Each stage is stopped in the middle of something that would not end by itself: a worker that hashes
an endless file, the GPU's process (the stand-in of the tests) with a film on which it hangs, the
model's process halted before its answer, and a search of all pairs that takes hours here.
"""

import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, os.fspath(Path(__file__).parents[1]))

from tiny_model import make_tiny

from autodedup.engine.errors import CancelledError
from autodedup.engine.footage.encode import encode
from autodedup.engine.footage.film import render_film
from autodedup.engine.gpu.lane import GpuLane
from autodedup.engine.gpu.search import GpuSearch
from autodedup.engine.gpu.state import GpuState
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.media.reading import Seen
from autodedup.engine.media.stills import Stills
from autodedup.engine.semantic.process import Chosen, Embedder
from autodedup.engine.signature.views import VIEWS
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import DigestTask, SignTask

TIMES = 5
CHILD = Path(__file__).parents[1] / "gpu_child_stand_in.py"
PATIENT_S = 600.0


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        print("| stopped | median | longest |\n|---|---|---|")
        for name, stage in (
            ("a worker in mid-file", workers),
            ("the GPU's process in mid-film", gpu),
            ("the model's process in mid-film", model),
            ("all pairs of frames", search),
        ):
            took = sorted(stage(folder) for _ in range(TIMES))
            print(f"| {name} | {took[TIMES // 2]:.2f} s | {took[-1]:.2f} s |", flush=True)


def stopped(work: Callable[[threading.Event], object], ready: Callable[[], object]) -> float:
    """Return how many seconds work goes on after it was stopped, once it is ready for that."""
    stop = threading.Event()
    working = threading.Thread(target=work, args=(stop,))
    working.start()
    ready()
    began = time.monotonic()
    stop.set()
    working.join()
    return time.monotonic() - began


def until(true: Callable[[], object]) -> None:
    while not true():
        time.sleep(0.01)


def workers(folder: Path) -> float:
    endless = folder / "endless.mp4"
    with endless.open("wb") as file:
        file.truncate(1 << 42)
    task = DigestTask(key=1, path=os.fspath(endless), expected=Seen.of(endless.stat()))
    with WorkerPool(1, timeout_s=PATIENT_S) as pool:

        def reading() -> bool:
            return any(worker._heard_at is not None for worker in pool._busy)

        return stopped(lambda stop: list(pool.run([task], stop)), lambda: until(reading))


def gpu(folder: Path) -> float:
    path = folder / "film.mp4"
    encode(render_film(1, size=(160, 90), seconds=1.0), path)
    os.environ["HANG_ON"] = "film"
    lane = GpuLane(memory_share=1.0, timeout_s=PATIENT_S, command=[sys.executable, str(CHILD)])
    lane.start()
    while not lane.gpu:
        list(lane._news())
    with WorkerPool(1, timeout_s=PATIENT_S) as pool:
        decoders = Decoders(pool, GpuState(usable=True, why="stand-in"), lane)
        tasks = [SignTask(key=1, path=os.fspath(path), expected=Seen.of(path.stat()))]
        return stopped(
            lambda stop: list(decoders.run(tasks, stop)), lambda: until(lambda: lane._in_hand)
        )


def model(folder: Path) -> float:
    tiny = make_tiny(folder / "tiny")
    pictures = np.zeros((4, 32, 32, 3), dtype=np.uint8)
    halted = threading.Event()

    def work(stop: threading.Event) -> None:
        with Embedder(Chosen(str(tiny.model), str(tiny.weights), "cpu")) as embedder:
            embedder.ready(stop)
            assert embedder.pid is not None
            os.kill(embedder.pid, signal.SIGSTOP)
            embedder.feed(1, Stills(np.arange(4.0), pictures), stop)
            halted.set()
            try:
                list(embedder.rest(stop))
            except CancelledError:
                return

    return stopped(work, halted.wait)


def search(_folder: Path) -> float:
    count = 200_000
    hashes = np.random.default_rng(1).integers(0, 256, (count, len(VIEWS), 32), dtype=np.uint8)
    places = np.arange(count, dtype=np.int64)
    begun = threading.Event()

    def work(stop: threading.Event) -> None:
        GpuSearch(device="cpu", fewest_products=0).pairs(
            places // 100,
            hashes,
            [(places, places)],
            70,
            stop=stop,
            report=lambda _: begun.set(),
        )

    return stopped(work, begun.wait)


if __name__ == "__main__":
    main()
