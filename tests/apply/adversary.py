"""Apply and undo while another process swaps files, folders and links in the same library.

    python tests/apply/adversary.py --rounds 2000 [--seed 1] [--folder /dev/shm]

The adversary only ever exchanges two names atomically, so whatever is lost was lost by us. It
exchanges files for decoys, keepers for decoys, folders for links that lead out of the library,
and folders for folders outside. Prints its counts; fails at the first content that is missing
and at the first file outside that was touched.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from apply.library import Seen, seen
from apply.scenario import STEPS, Scenario

from autodedup.engine.apply.renames import exchange
from autodedup.engine.errors import ApplyUnfinishedError

Pair = tuple[Path, Path]


class Arena:
    """One library, the decoys beside it, and what must still be there in the end."""

    def __init__(self, folder: Path) -> None:
        self.scenario = Scenario(folder)
        library = self.scenario.library
        self.root, self.outside = library.root, library.outside
        self.pairs: list[Pair] = []
        for step in STEPS:
            for name in (f"d/{step}.mp4", f"keep/{step}.mp4"):
                decoy = self.root / f"{name}.decoy"
                decoy.write_bytes(f"decoy of {name}".encode())
                self.pairs.append((self.root / name, decoy))
        for name in ("d", "keep", "__TRASH_BIN__", "__TRASH_BIN__/d", "Organized"):
            self._add_folder_outside(name)
        self.wanted = contents(folder)
        self.untouched = {path: seen(path) for path in self._outer_files()}

    def _add_folder_outside(self, name: str) -> None:
        """Have a folder outside with the same names, and a link to it beside the real one."""
        away = self.outside / name.replace("/", " ")
        away.mkdir()
        for step in STEPS:
            (away / f"{step}.mp4").write_bytes(f"outside {name} {step}".encode())
        link = self.root / f"{name.replace('/', ' ')}.link"
        link.symlink_to(away)
        self.pairs.append((self.root / name, link))
        spare = self.outside / f"{away.name}.spare"
        shutil.copytree(away, spare)
        self.pairs.append((self.root / name, spare))

    def _outer_files(self) -> list[Path]:
        return [path for path in self.outside.rglob("*.mp4") if ".spare" not in str(path)]

    def check(self) -> None:
        """Assert that no content is missing and nothing outside was touched."""
        missing = self.wanted - contents(self.scenario.library.folder)
        assert not missing, f"lost: {missing}"
        now: dict[Path, Seen] = {path: seen(path) for path in self.untouched if path.exists()}
        assert now == self.untouched, "a file outside the library was touched"
        strangers = set(self._outer_files()) - set(self.untouched)
        assert not strangers, f"put outside: {strangers}"


def contents(folder: Path) -> set[bytes]:
    return {
        path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith("state.db")
    }


def mischief(arena: Arena, chance: random.Random) -> int:
    """Start the adversary and return its process id."""
    child = os.fork()
    if child:
        return child
    leaving = False

    def leave(*_: object) -> None:
        nonlocal leaving
        leaving = True

    signal.signal(signal.SIGTERM, leave)
    pause_s = chance.choice([0.0, 0.0005, 0.003])  # without rest hardly a step gets past its looks
    while not leaving:
        time.sleep(chance.random() * pause_s)
        one, other = chance.choice(arena.pairs)
        swap(one, other)
        if chance.random() < 0.7:  # mostly back at once: a step has to get somewhere
            swap(one, other)
    os._exit(0)


def swap(one: Path, other: Path) -> None:
    try:
        exchange((str(one), None), (str(other), None))
    except OSError:
        return  # one of them is not there just now


def one_round(folder: Path, chance: random.Random, counts: Counter[str]) -> None:
    arena = Arena(folder)
    scenario, library = arena.scenario, arena.scenario.library
    adversary = mischief(arena, random.Random(chance.random()))
    unfinished = False
    try:
        with scenario.world():
            for work in (library.apply, library.undo):
                try:
                    report = work(scenario.plan)
                    counts[f"{work.__name__}: done"] += report.done
                    counts[f"{work.__name__}: left alone"] += report.skipped + report.failed
                except ApplyUnfinishedError:
                    unfinished = True
                    break
    finally:
        os.kill(adversary, signal.SIGTERM)
        os.waitpid(adversary, 0)
    if unfinished:
        counts["unfinished, then recovered"] += 1
        with scenario.world():
            library.recover()
    outcomes = Counter(library.outcomes(scenario.plan))
    counts["steps done"] += outcomes["done"]
    counts["steps begun, then taken back"] += outcomes["rolled_back"]
    arena.check()
    library.db.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to build libraries")
    wanted = parser.parse_args()
    counts: Counter[str] = Counter()
    chance = random.Random(wanted.seed)
    for number in range(wanted.rounds):
        with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
            try:
                one_round(Path(folder), chance, counts)
            except AssertionError as error:
                print(f"round {number}: {error}")
                return 1
    for what, count in sorted(counts.items()):
        print(f"{what}: {count}")
    print(f"lost: 0, touched outside: 0 in {wanted.rounds} rounds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
