"""Plans, edits, renames, crashes and restarts in any order: the disk is what a model says."""

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from apply.boundaries import PowerCut, cut_at, shared_blocks, struck
from apply.library import BORN_NS, Library
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from autodedup.engine.apply.errand import PRIVATE
from autodedup.engine.store import journal
from autodedup.schemas.plan import Plan
from autodedup.schemas.vocabulary import ActionKind

MEMORY = Path("/dev/shm")  # noqa: S108
KINDS: tuple[ActionKind, ...] = (
    "trash", "quarantine", "organize", "hardlink", "symlink", "reflink", "delete", "keep",
)  # fmt: skip
FILMS = [f"film {letter}".encode() for letter in "abc"]


class AnyOrder(RuleBasedStateMachine):
    """A person, an agent and a bad power supply at work on one library."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.library = Library(self.folder)
        self.plans: list[Plan] = []
        self.born = 0
        self.owned: set[bytes] = set()
        for film in FILMS:
            for copy in ("1", "2", "3"):
                self._write(f"{film[-1:].decode()}/{copy}.mp4", film)

    def teardown(self) -> None:
        self.library.db.close()
        shutil.rmtree(self.folder)

    def _write(self, path: str, content: bytes) -> None:
        self.born += 1
        self.library.add(path, content, BORN_NS + self.born)
        self.owned.add(content)

    def _present(self) -> list[str]:
        """Return the library's files as a scan finds them: no links, no shelves."""
        return [
            path
            for path in self.library.tree()
            if not path.startswith("__") and not (self.library.root / path).is_symlink()
        ]

    def _rescan(self) -> None:
        """Bring the ids up to date, as an ingest does with names that it has not seen."""
        for path in self._present():
            if path not in self.library.ids:
                self.library.ids[path] = 1000 + len(self.library.ids)

    @rule(kind=st.sampled_from(KINDS), data=st.data())
    def plan_something(self, kind: ActionKind, data: st.DataObject) -> None:
        self._rescan()
        by_content: dict[bytes, list[str]] = {}
        for path in self._present():
            by_content.setdefault((self.library.root / path).read_bytes(), []).append(path)
        groups = [sorted(paths) for paths in by_content.values() if len(paths) > 1]
        if not groups:
            return
        keeper, *victims = data.draw(st.permutations(data.draw(st.sampled_from(groups))))
        to = f"Organized/{victims[0].replace('/', '-')}" if kind == "organize" else None
        needs = None if kind in {"quarantine", "organize", "keep"} else keeper
        self.plans.append(self.library.plan(self.library.action(kind, victims[0], needs, to=to)))

    @precondition(lambda self: self.plans)
    @rule(data=st.data(), cut=st.none() | st.integers(1, 30), undo=st.booleans())
    def run_a_plan(self, data: st.DataObject, cut: int | None, *, undo: bool) -> None:
        plan = data.draw(st.sampled_from(self.plans))
        status = self.library.status(plan)
        if not undo and status in {"undoing", "undone"}:
            return
        work = self.library.undo if undo else self.library.apply
        with shared_blocks():
            if cut is None:
                work(plan)
                return
            try:
                with struck(cut_at(cut)):
                    work(plan)
            except PowerCut:
                self._restart()

    def _restart(self) -> None:
        self.library.db.close()
        self.library = Library(self.folder, self.library.ids)
        self.library.recover()

    @rule(data=st.data())
    def the_owner_edits_a_file(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(self._present()))
        self.born += 1
        content = f"edit {self.born}".encode()
        new = self.library.root / "new.tmp"  # as editors do: write anew, then rename over
        new.write_bytes(content)
        new.replace(self.library.root / path)
        self.owned.add(content)
        self._forget_what_is_gone()

    @rule(data=st.data())
    def the_owner_renames_a_file(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(self._present()))
        self.born += 1
        (self.library.root / path).rename(self.library.root / f"renamed {self.born}.mp4")

    @rule(data=st.data())
    def the_owner_adds_a_file(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(["a/1.mp4", "b/2.mp4", "__TRASH_BIN__/a/1.mp4"]))
        if not (self.library.root / path).exists() and path not in self.library.ids:
            self._write(path, data.draw(st.sampled_from(FILMS)))

    def _forget_what_is_gone(self) -> None:
        """What the owner has overwritten with their own hands is not ours to keep."""
        self.owned &= set(self._contents())

    def _contents(self) -> Counter[bytes]:
        return Counter(seen.content for seen in self.library.tree().values())

    @invariant()
    def every_content_is_there(self) -> None:
        missing = self.owned - set(self._contents())
        assert not missing

    @invariant()
    def nothing_of_ours_is_left_over(self) -> None:
        assert not list(self.library.root.rglob(f"{PRIVATE}*"))
        assert journal.open_entries(self.library.db) == ()

    @invariant()
    def what_is_said_to_be_let_go_is_not_in_its_place(self) -> None:
        for plan in self.plans:
            for action, state in zip(plan.actions, self.library.states(plan), strict=True):
                if state == "done" and action.action in {"trash", "quarantine", "organize"}:
                    found = self.library.root / action.victim.path
                    same = found.exists() and found.lstat().st_ino == action.victim.inode
                    assert not (same and found.lstat().st_mtime_ns == action.victim.mtime_ns)


def test_nothing_is_lost_in_any_order_of_events() -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
