"""Kill a real process, with SIGKILL, in the middle of applying, undoing and recovering.

    python tests/apply/kill_storm.py --rounds 300 [--seed 1] [--folder /dev/shm]

First a kill at every boundary of every kind of step, forth and back; then rounds of kills at
random instants, up to three in a row, over a plan with every kind. After each, a new start has to
recover: every content under one name, database and disk agreed. Prints its counts; the exit
status is 1 if anything was lost.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from apply.boundaries import struck
from apply.library import Library
from apply.scenario import STEPS, Scenario

Work = Callable[[Scenario], None]


def do_apply(scenario: Scenario) -> None:
    scenario.library.apply(scenario.plan)


def do_undo(scenario: Scenario) -> None:
    scenario.library.undo(scenario.plan)


def do_recover(scenario: Scenario) -> None:
    scenario.library.recover()


def killed_at(scenario: Scenario, work: Work, instant: int) -> bool:
    """Run the work in a child that kills itself at a boundary; return whether it came to that."""

    def strike(count: int) -> None:
        if count >= instant:
            os.kill(os.getpid(), signal.SIGKILL)

    child = _start(scenario, work, strike)
    return _ended(child)


def killed_after(scenario: Scenario, work: Work, seconds: float) -> bool:
    """Run the work in a child and kill it after a while; return whether it was still at work."""
    child = _start(scenario, work, lambda _: None)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return _ended(child)


def _start(scenario: Scenario, work: Work, strike: Callable[[int], None]) -> int:
    scenario.library.db.close()  # no connection may cross a fork
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        scenario.library = Library(scenario.library.folder, scenario.library.ids)
        with scenario.world(), struck(strike):
            work(scenario)
        status = 0
    finally:
        os._exit(status)


def _ended(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    if os.WEXITSTATUS(status):
        raise AssertionError("the child failed by itself")
    return False


def restart(scenario: Scenario) -> None:
    """Open the library anew, recover, and compare disk, database and plan."""
    scenario.library = Library(scenario.library.folder, scenario.library.ids)
    with scenario.world():
        do_recover(scenario)
    scenario.check()


def every_boundary(folder: Path, counts: Counter[str]) -> None:
    for step in STEPS:
        for work in (do_apply, do_undo):
            instant, killed = 0, True
            while killed:
                instant += 1
                scenario = Scenario(folder / f"{step}-{work.__name__}-{instant}", (step,))
                if work is do_undo:
                    with scenario.world():
                        do_apply(scenario)
                killed = killed_at(scenario, work, instant)
                counts[f"{work.__name__} killed at a boundary"] += killed
                restart(scenario)
                _finish(scenario)


def random_instants(folder: Path, rounds: int, chance: random.Random, counts: Counter[str]) -> None:
    longest = _time_of_an_apply(folder)
    for number in range(rounds):
        scenario = Scenario(folder / f"round-{number}")
        works = [do_apply, do_undo] if chance.random() < 0.5 else [do_apply]
        for work in works:
            for _ in range(chance.randint(1, 3)):
                killed = killed_after(scenario, work, chance.uniform(0, longest))
                counts[f"{work.__name__} killed at random" if killed else "not in time"] += 1
                if chance.random() < 0.3:
                    killed = killed_after(scenario, do_recover, chance.uniform(0, longest / 8))
                    counts["recover killed at random"] += killed
                restart(scenario)
        _finish(scenario)


def _finish(scenario: Scenario) -> None:
    with scenario.world():
        if scenario.library.status(scenario.plan) in {"planned", "partial"}:
            do_apply(scenario)
            scenario.check()
        do_undo(scenario)
    scenario.check()
    scenario.library.db.close()


def _time_of_an_apply(folder: Path) -> float:
    scenario = Scenario(folder / "timed")
    started = time.perf_counter()
    with scenario.world(), struck(lambda _: None):
        do_apply(scenario)
    scenario.library.db.close()
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=300, help="kills at random instants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to build libraries")
    parser.add_argument("--skip-boundaries", action="store_true")
    wanted = parser.parse_args()
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        if not wanted.skip_boundaries:
            every_boundary(Path(folder), counts)
        random_instants(Path(folder), wanted.rounds, random.Random(wanted.seed), counts)
    for what, count in sorted(counts.items()):
        print(f"{what}: {count}")
    print(f"lost: 0 in {sum(counts.values())} runs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
