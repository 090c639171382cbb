"""How much sooner two workers are done with an ingest than one: a file is a task.

    python tests/benchmarks/cores.py [--clips 120] [--corpus DIR] [--runs 3]

Makes a library of clips, or takes the videos below DIR, and has `autodedup call ingest` bring an
empty state up to date with `--workers 1` and `--workers 2` in turn. Prints the medians of the clock
and their ratio, the seconds of CPU, how many cores each really had (CPU over clock), and the same
ratio of two loops that only count, measured between the runs, as JSON: on a machine that is shared,
two workers may be given no more than one core. Exits with 1 if two cores were there and two workers
were not 1.8 times as fast.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from large_films import clips, make

LEAST_RATIO = 1.8
NEARLY = 0.9  # of two cores, for the ratio to mean something
STATE = ".autodedup"
COUNTED = 100_000_000  # about two seconds


def ingest(root: Path, workers: int) -> tuple[float, float]:
    """Ingest into an empty state and return the seconds of the clock and of CPU."""
    shutil.rmtree(root / STATE, ignore_errors=True)
    installed = shutil.which("autodedup", path=str(Path(sys.executable).parent)) or "autodedup"
    command = [installed, "call", "ingest", "{}", "--root", str(root), "--workers", str(workers)]
    used, began = _cpu_s(), time.perf_counter()
    answer = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if answer["failed"] or not answer["processed"]:
        raise SystemExit(f"not a sound library: {answer}")
    return time.perf_counter() - began, _cpu_s() - used


def bare() -> float:
    """Return how much sooner two loops are done side by side than one after the other."""
    counting = [sys.executable, "-c", f"sum(range({COUNTED}))"]
    began = time.perf_counter()
    for _ in range(2):
        subprocess.run(counting, check=True)
    alone = time.perf_counter() - began
    began = time.perf_counter()
    both = [subprocess.Popen(counting) for _ in range(2)]
    for loop in both:
        loop.wait()
    return alone / (time.perf_counter() - began)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    taken: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    loops: list[float] = []
    with tempfile.TemporaryDirectory() as home:
        library = Path(home) / "library"
        if options.corpus is None:
            make(library, clips(options.clips))
        else:
            shutil.copytree(options.corpus, library)
        for _ in range(options.runs):
            for workers, times in taken.items():
                times.append(ingest(library, workers))
            loops.append(bare())
    wall = {workers: statistics.median(t[0] for t in times) for workers, times in taken.items()}
    cpu = {workers: statistics.median(t[1] for t in times) for workers, times in taken.items()}
    cores = {workers: cpu[workers] / wall[workers] for workers in taken}
    ratio = wall[1] / wall[2]
    report = {
        "wall_s": {str(workers): round(value, 2) for workers, value in wall.items()},
        "cpu_s": {str(workers): round(value, 2) for workers, value in cpu.items()},
        "cores": {str(workers): round(value, 2) for workers, value in cores.items()},
        "ratio": round(ratio, 2),
        "ratio_of_bare_loops": round(statistics.median(loops), 2),
        "limit": LEAST_RATIO,
        "load": round(os.getloadavg()[0], 1),
        "runs": options.runs,
    }
    print(json.dumps(report))
    return 0 if ratio >= LEAST_RATIO or cores[2] < 2 * NEARLY else 1


if __name__ == "__main__":
    sys.exit(main())
