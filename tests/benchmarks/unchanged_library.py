"""What it costs to ingest a library again in which nothing changed, beside a bare walk over it.

    python tests/benchmarks/unchanged_library.py [--files 100000] [--runs 7]

Makes tiny files, a hundred a folder, writes into the state that they are signed, and has a running
server's ingest and a bare `os.scandir` and `stat` of every entry take turns, in one process. Prints
the medians in seconds of CPU and their ratios as JSON: of the first ingest of a process, which
loads what it needs, and of later ones, for all the tiers of the default and for the exact one
alone. Exits with 1 if a later one takes more than three times the walk, or found a change.
"""

import argparse
import gc
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from made_up_library import Films

from autodedup.engine.caller import Caller
from autodedup.engine.ingest.streams import LOOKED_THROUGH
from autodedup.engine.media.walk import Found, walk
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_state
from autodedup.engine.signature.model import Embeddings, Signature
from autodedup.engine.signature.views import VIEWS
from autodedup.engine.store import files, marks, roots, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import Stat
from autodedup.engine.workbench import Workbench
from autodedup.schemas.ingest import IngestArguments
from autodedup.schemas.vocabulary import Tier

LIMIT = 3.0
A_FOLDER = 100  # files
FRAMES = 4  # of a signature: an ingest that changes nothing reads none
PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)
ALL: tuple[Tier, ...] = ("exact", "perceptual", "copy")


def make(root: Path, count: int) -> None:
    """Write files of a few bytes each."""
    for start in range(0, count, A_FOLDER):
        folder = root / f"season {start // A_FOLDER:05d}"
        folder.mkdir(parents=True)
        for number in range(start, min(start + A_FOLDER, count)):
            (folder / f"a film of the year {number:07d}.mp4").write_bytes(
                number.to_bytes(8, "little")
            )


def sign(root: Path) -> None:
    """Write into the state that every file is there, hashed and signed as the default asks."""
    db = Database(root / ".autodedup" / "state.db")
    root_id = roots.register(db, (root,))[0].id
    made_up = _signature()
    with db.atomic() as connection:
        for found in walk(root, "", extensions=("mp4",)):
            if not isinstance(found, Found):
                continue
            stat = Stat(found.size, found.mtime_ns, found.device, found.inode)
            number = files.add(connection, root_id, found.path, stat)
            files.set_edges(connection, number, hashlib.sha256(found.path.encode()).digest())
            signed = signatures.add(connection, made_up, ",".join(ALL))
            files.set_signature(connection, number, signed)
    marks.put(db, LOOKED_THROUGH, signatures.newest(db))  # no packets are left to compare
    db.close()


def _signature() -> Signature:
    waves = np.zeros((FRAMES, len(VIEWS), 256), dtype=np.float32)
    signature = Films(1, FRAMES).signed(waves, 0)
    recipe = copy_state().recipe
    if recipe is None:
        return signature
    rows = np.zeros((FRAMES, 1, 1), dtype=np.int8)  # frames that were not worth embedding
    return replace(signature, embeddings=Embeddings(recipe, rows))


def bare_walk(root: Path) -> int:
    """Look at every entry below a folder and return how many files there are."""
    waiting, count = [os.fspath(root)], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat(follow_symlinks=False)
                    count += 1
    return count


def again(bench: Workbench, tiers: tuple[Tier, ...], count: int) -> None:
    """Ingest a library in which nothing changed."""
    answer = bench.ingest(IngestArguments(tiers=tiers), PATIENT)
    scan = answer.scan
    if scan.unchanged != count or scan.changed or scan.new or answer.failed:
        raise SystemExit(f"not an unchanged library: {answer.wire()}")


def cpu_s(work: Callable[[], object]) -> float:
    """Return the seconds of CPU that work takes, without the collection of earlier garbage."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        make(root, options.files)
        sign(root)
        bench = Workbench(Settings(root=(root,)))
        steps: dict[str, Callable[[], object]] = {
            "bare_walk": lambda: bare_walk(root),
            "all_tiers": lambda: again(bench, ALL, options.files),
            "exact_alone": lambda: again(bench, ("exact",), options.files),
        }
        bare_walk(root)
        first = cpu_s(steps["all_tiers"])
        taken: dict[str, list[float]] = {name: [] for name in steps}
        for _ in range(options.runs):
            for name, step in steps.items():
                taken[name].append(cpu_s(step))
        bench.close()
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ratios = {name: median / medians["bare_walk"] for name, median in medians.items()}
    report = {
        "files": options.files,
        "runs": options.runs,
        "cpu_s": {name: round(median, 3) for name, median in medians.items()},
        "first_cpu_s": round(first, 3),
        "ratios": {name: round(ratio, 2) for name, ratio in ratios.items()},
        "limit": LIMIT,
    }
    print(json.dumps(report))
    return 0 if max(ratios.values()) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
