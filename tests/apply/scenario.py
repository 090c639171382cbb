"""A library with one action of every kind, and what must be on disk for any states of them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from apply.boundaries import ACROSS, shared_blocks, two_devices
from apply.library import BORN_NS, Library, Seen

from autodedup.engine.store import journal
from autodedup.schemas.plan import Action, Plan
from autodedup.schemas.vocabulary import ActionKind

# A name for each action, and its kind. `across` is a trash that lies on another device.
STEPS: dict[str, ActionKind] = {
    "trash": "trash",
    ACROSS: "trash",
    "quarantine": "quarantine",
    "hardlink": "hardlink",
    "symlink": "symlink",
    "reflink": "reflink",
    "delete": "delete",
    "organize": "organize",
}


class Scenario:
    """Files in `d/`, each with an exact copy in `keep/`, one action for each."""

    def __init__(self, folder: Path, steps: tuple[str, ...] = tuple(STEPS)) -> None:
        self.library = Library(folder)
        self.steps = steps
        for place, step in enumerate(steps):
            content = f"the film of {step}".encode() * 40
            keeper = self.library.add(f"keep/{step}.mp4", content, BORN_NS + 10_000 + place)
            victim = self.library.add(f"d/{step}.mp4", content, BORN_NS + place)
            (self.library.root / keeper).chmod(0o640)
            (self.library.root / victim).chmod(0o600)
        self.before = self.library.tree()
        self.plan: Plan = self.library.plan(*(self._action(step) for step in steps))

    def _action(self, step: str) -> Action:
        kind = STEPS[step]
        keeper = None if kind in {"organize", "quarantine"} else f"keep/{step}.mp4"
        to = f"Organized/SD_480p/{step}.mp4" if kind == "organize" else None
        return self.library.action(kind, f"d/{step}.mp4", keeper, to=to)

    @contextmanager
    def world(self) -> Iterator[None]:
        """Have two devices and a file system that shares blocks."""
        with ExitStack() as stack:
            stack.enter_context(two_devices())
            stack.enter_context(shared_blocks())
            yield

    def expected(self, states: list[str]) -> dict[str, Seen]:
        """Return what must be on disk: a done action's file in its new place, others' as before."""
        tree = dict(self.before)
        for step, state in zip(self.steps, states, strict=True):
            if state == "done":
                _after(tree, step)
        return tree

    def check(self) -> None:
        """Assert that the disk, the plan, the journal and the files' rows agree."""
        library, states = self.library, self.library.states(self.plan)
        assert library.tree() == self.expected(states), states
        assert journal.open_entries(library.db) == ()
        for step, state in zip(self.steps, states, strict=True):
            self._check_row(step, state)

    def _check_row(self, step: str, state: str) -> None:
        row = self.library.row(f"d/{step}.mp4")
        done, kind = state == "done", STEPS[step]
        gone = done and kind in {"trash", "quarantine", "symlink", "delete"}
        assert (row.status == "DELETED") == gone, (step, state, row)
        if not gone:
            found = (self.library.root / row.path).lstat()
            assert (found.st_ino, found.st_size, found.st_mtime_ns) == (
                row.stat.inode,
                row.stat.size,
                row.stat.mtime_ns,
            ), (step, state, row)


def _after(tree: dict[str, Seen], step: str) -> None:
    victim, keeper, kind = f"d/{step}.mp4", f"keep/{step}.mp4", STEPS[step]
    if kind == "trash":
        tree[f"__TRASH_BIN__/{victim}"] = tree.pop(victim)
    elif kind == "quarantine":
        tree[f"__QUARANTINE__/{victim}"] = tree.pop(victim)
    elif kind == "organize":
        tree[f"Organized/SD_480p/{step}.mp4"] = tree.pop(victim)
    elif kind == "delete":
        del tree[victim]
    elif kind in {"hardlink", "symlink"}:
        tree[victim] = tree[keeper]
