"""What finding duplicates among very many frames costs, and what one new video adds.

    python tests/benchmarks/million_frames.py [--videos 10000] [--frames 100] [--tenth]

Writes a made-up library (`made_up_library`) into a state, asks for its duplicates in a process of
its own, then adds one more copy and asks again, in a process that has just started (`cold`); that
process, as a running server would, is asked 24 times more, each time after another film, half of
which share an intro or a test card with many (`new`: the median, and the worst, which must keep the
limit), and then once after 40 more at once (`forty`). With `--tenth` the same is done for a tenth
of the videos first, for the ratio. Prints seconds of CPU and of the clock, the peak of memory, the
bytes of the state, and how much of what was planted was found and what was found beside it; exits
with 1 if something strange was taken for a copy, or a limit is broken.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

from made_up_library import Films, Planted, add, fill

from autodedup.engine.caller import Caller
from autodedup.engine.settings import Settings
from autodedup.engine.store import generation
from autodedup.engine.store.database import Database
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments, Group

MOST_CPU_S, MOST_MIB, MOST_RATIO, MOST_NEW_S, MOST_PAGE_S = 120.0, 2048, 13.0, 0.5, 0.05
LEAST_FOUND = 0.99
WARM = 24  # times that a running server is asked
AT_ONCE = 40  # newcomers after which it is asked once more
PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)
Numbers = dict[str, float]


def measured(root: Path, planted: Path) -> Numbers:
    """Find the duplicates of a library and judge the groups."""
    bench = Workbench(Settings(root=(root,)))
    used, began = _cpu_s(), time.perf_counter()
    answer = bench.find_duplicates(FindArguments(), PATIENT)
    took = {"cpu_s": _cpu_s() - used, "wall_s": time.perf_counter() - began}
    began = time.perf_counter()
    bench.find_duplicates(FindArguments(), PATIENT)
    took["stored_page_s"] = time.perf_counter() - began
    groups = list(answer.groups)
    while answer.next_cursor is not None:
        asked = FindArguments(cursor=answer.next_cursor, limit=200)
        answer = bench.find_duplicates(asked, PATIENT)
        groups += answer.groups
    family = {int(file): film for file, film in json.loads(planted.read_text()).items()}
    return {**took, **_judged(groups, Planted(family)), "peak_mib": _peak_mib()}


def newcomer(root: Path, videos: int, frames: int) -> Numbers:
    """Find the duplicates again when one file was added: first cold, then in the same process."""
    bench = Workbench(Settings(root=(root,)))
    db, films = Database(bench.db_path), Films(1, frames)
    cpu_s, wall_s = [], []
    numbers = iter(range(videos, videos + 1 + WARM + AT_ONCE))
    for comers in (*[1] * (1 + WARM), AT_ONCE):
        with db.atomic() as connection:
            for number in islice(numbers, comers):
                signature = films.signed(films.strange(number - videos), number)
                add(connection, 1, number, signature)
            generation.advance(connection)
        used, began = _cpu_s(), time.perf_counter()
        bench.find_duplicates(FindArguments(), PATIENT)
        cpu_s.append(_cpu_s() - used)
        wall_s.append(time.perf_counter() - began)
    return {
        "cold_cpu_s": cpu_s[0],
        "cold_wall_s": wall_s[0],
        "new_cpu_s": statistics.median(cpu_s[1:-1]),
        "new_wall_s": statistics.median(wall_s[1:-1]),
        "new_worst_cpu_s": max(cpu_s[1:-1]),
        "forty_cpu_s": cpu_s[-1],
        "new_peak_mib": _peak_mib(),
    }


def _judged(groups: list[Group], planted: Planted) -> Numbers:
    found = strange = 0
    for group in groups:
        families = [planted.family[int(file.id[1:])] for file in group.files]
        found += sum(family == families[0] for family in families[1:])
        strange += sum(family != families[0] for family in families[1:])
    return {
        "groups": len(groups),
        "planted": planted.redundant,
        "found": found,
        "strange": strange,
    }


def _cpu_s() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def of_library(home: Path, videos: int, frames: int) -> Numbers:
    """Make a library of this size and measure it, every step in a process of its own."""
    root = home / f"library-{videos}"
    root.mkdir()
    db = Database(root / ".autodedup" / "state.db")
    planted = fill(db, root, videos, frames)
    truth = home / f"planted-{videos}.json"
    truth.write_text(json.dumps(planted.family))
    db.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = db.path.stat().st_size
    numbers = _asked("measured", root, truth)
    db.close()
    numbers |= _asked("newcomer", root, videos, frames)
    return {"videos": videos, "frames": frames, "kib_a_video": size / 1024 / videos, **numbers}


def _asked(step: str, root: Path, *told: Path | int) -> Numbers:
    command = [sys.executable, __file__, "--step", step, str(root), *map(str, told)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    numbers: Numbers = json.loads(out)
    return numbers


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=10_000)
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--tenth", action="store_true", help="measure a tenth of it too")
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step is not None:
        step, root, *told = options.step
        if step == "newcomer":
            numbers = newcomer(Path(root), *map(int, told))
        else:
            numbers = measured(Path(root), Path(told[0]))
        print(json.dumps(numbers))
        return 0
    sizes = [options.videos // 10] * options.tenth + [options.videos]
    with tempfile.TemporaryDirectory() as home:
        runs = [of_library(Path(home), videos, options.frames) for videos in sizes]
    whole = runs[-1]
    report: dict[str, object] = {
        "runs": [{name: round(value, 3) for name, value in run.items()} for run in runs]
    }
    kept = (
        not whole["strange"]
        and whole["found"] >= LEAST_FOUND * whole["planted"]
        and whole["cpu_s"] <= MOST_CPU_S
        and max(whole["peak_mib"], whole["new_peak_mib"]) <= MOST_MIB
        and whole["new_worst_cpu_s"] <= MOST_NEW_S
    )
    if options.tenth:
        ratio = whole["cpu_s"] / runs[0]["cpu_s"]
        report["ratio_of_ten"] = round(ratio, 2)
        kept = kept and ratio <= MOST_RATIO
    print(json.dumps({**report, "within_limits": kept}))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
