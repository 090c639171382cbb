"""What it costs to apply a plan when no file is any more what the plan saw.

    python tests/benchmarks/stale_plan.py [--actions 100000]

Makes pairs of exact copies, tells the state so, has them found and planned, touches every file, and
applies the plan: every action has to be looked at and left alone. Prints seconds of CPU as JSON;
exits with 1 if anything but a stale plan came of it.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from autodedup.engine.caller import Caller
from autodedup.engine.errors import PlanStaleError
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, generation, roots
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import Stat
from autodedup.engine.workbench import Workbench
from autodedup.schemas.apply_plan import ApplyArguments
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.plan_actions import PlanArguments

A_FOLDER = 100  # pairs
PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)


def make(root: Path, pairs: int) -> list[Path]:
    """Write the pairs, and into the state that each is one content; return the files."""
    db = Database(root / ".autodedup" / "state.db")
    root_id = roots.register(db, (root,))[0].id
    written = []
    with db.atomic() as connection:
        for number in range(pairs):
            folder = root / f"shelf {number // A_FOLDER:04d}"
            folder.mkdir(exist_ok=True)
            content = hashlib.sha256(number.to_bytes(8, "little")).digest()
            for copy in ("", " (1)"):
                path = folder / f"film {number:06d}{copy}.mp4"
                path.write_bytes(content)
                found = path.stat()
                stat = Stat(found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
                file_id = files.add(connection, root_id, path.relative_to(root).as_posix(), stat)
                files.set_edges(connection, file_id, content)
                files.set_sha256(connection, file_id, content)
                written.append(path)
        generation.advance(connection)
    db.close()
    return written


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actions", type=int, default=100_000)
    actions = parser.parse_args().actions
    with tempfile.TemporaryDirectory() as home:
        root = Path(home)
        written = make(root, actions)
        bench = Workbench(Settings(root=(root,)))
        bench.find_duplicates(FindArguments(kinds=("exact",)), PATIENT)
        plan = bench.plan_actions(PlanArguments())
        for path in written:
            os.utime(path, ns=(1, 1))
        used, began = time.process_time(), time.perf_counter()
        try:
            answer = bench.apply_plan(ApplyArguments(plan=plan.plan, digest=plan.digest), PATIENT)
        except PlanStaleError as error:
            told = error.details
        else:
            raise SystemExit(f"the plan was not stale: {answer.wire()}")
        cpu_s, wall_s = time.process_time() - used, time.perf_counter() - began
        kept = all(path.exists() for path in written)
        bench.close()
    report = {"actions": told["actions"], "cpu_s": round(cpu_s, 2), "wall_s": round(wall_s, 2)}
    print(json.dumps({**report, "ms_an_action": round(1000 * cpu_s / actions, 3)}))
    return 0 if kept and told["actions"] == actions else 1


if __name__ == "__main__":
    sys.exit(main())
