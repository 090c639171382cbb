"""Ingest, edits, renames, plans, applies, undos, crashes, restarts: in any order, nothing is lost.

The engine is driven as the tools drive it, over real small files. What must hold is told by a
model that knows only what the user did: whatever we do, every content stays readable under as
many names as before, and after an ingest the state and the disk agree.
"""

import shutil
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import PATIENT
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from autodedup.engine.apply.errand import PRIVATE
from autodedup.engine.apply.work import ApplyRun, UndoRun
from autodedup.engine.errors import AutoDedupError
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import fates, files
from autodedup.engine.store.journal import open_entries
from autodedup.engine.workbench import Workbench
from autodedup.schemas.apply_plan import ApplyArguments, UndoArguments
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestArguments
from autodedup.schemas.plan_actions import PlanArguments

NAMES = [f"{folder}{name}.mp4" for folder in ("", "a/", "a/b/") for name in ("x", "y (1)", "z")]
ACTIONS = ["trash", "hardlink", "symlink"]
MEMORY = Path("/dev/shm")  # noqa: S108  # a commit waits for the disk, and there are many
names = st.sampled_from(NAMES)
FILMS = [b"one film", b"another film", b"\x00" * 70_000]
contents = st.sampled_from(FILMS)
cuts = st.sampled_from([None, 1, 2])


class PowerCut(BaseException):
    """The machine stops here."""


class Library(RuleBasedStateMachine):
    """A user and an agent at one small library."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.settings = Settings(root=(self.home,), min_free_bytes=0)
        self.bench = Workbench(self.settings)
        for name, content in zip(NAMES[:6], (FILMS[0], FILMS[1], FILMS[2]) * 2, strict=True):
            self.writes(name, content)

    def teardown(self) -> None:
        self.bench.close()
        shutil.rmtree(self.home)

    # What the user does.

    @rule(name=names, content=contents)
    def writes(self, name: str, content: bytes) -> None:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # a new file: what was linked to the old one is not touched
        path.write_bytes(content)

    @rule(source=names, becomes=names)
    def renames(self, source: str, becomes: str) -> None:
        old, new = self.home / source, self.home / becomes
        if old.is_file() and not old.is_symlink() and not new.exists() and not new.is_symlink():
            new.parent.mkdir(parents=True, exist_ok=True)
            old.rename(new)

    # What the agent does; none of it may lose anything.

    @rule()
    def ingests(self) -> None:
        with self.nothing_is_lost():
            self.bench.ingest(IngestArguments(tiers=("exact",)), PATIENT)
        self.state_and_disk_agree()

    @rule(action=st.sampled_from(ACTIONS), fails_at=cuts, fresh=st.booleans())
    def plans_and_applies(self, action: str, fails_at: int | None, *, fresh: bool) -> None:
        if fresh:
            self.ingests()
        with self.nothing_is_lost():
            try:
                self.bench.find_duplicates(FindArguments(kinds=("exact",)), PATIENT)
                asked = PlanArguments.model_validate({"policy": {"exact": action}})
                plan = self.bench.plan_actions(asked)
            except AutoDedupError:
                return  # nothing ingested yet
            arguments = ApplyArguments(plan=plan.plan, digest=plan.digest)
            self.runs(lambda db, roots: ApplyRun(db, roots, self.settings, arguments), fails_at)

    @precondition(lambda self: (self.home / ".autodedup/state.db").exists())
    @rule(data=st.data(), fails_at=cuts)
    def undoes(self, data: st.DataObject, fails_at: int | None) -> None:
        db, _ = open_library(self.settings, self.bench.db_path)
        with db.read() as connection:
            known = [int(str(row[0])) for row in connection.execute("SELECT id FROM plans")]
        db.close()
        if known:
            plan = f"p{data.draw(st.sampled_from(known))}"
            arguments = UndoArguments(plan=plan)
            with self.nothing_is_lost():
                self.runs(lambda db, roots: UndoRun(db, roots, self.settings, arguments), fails_at)

    @rule()
    def restarts(self) -> None:
        self.bench.close()
        self.bench = Workbench(self.settings)

    def runs(self, make: object, fails_at: int | None) -> None:
        """Run it here, in this thread, so that the power can be cut at a step's outcome."""
        db, roots = open_library(self.settings, self.bench.db_path)
        assert callable(make)
        try:
            with power_cut_at(fails_at):
                make(db, roots).run(threading.Event())
        except (PowerCut, AutoDedupError):
            pass
        finally:
            db.close()
        self.restarts()
        db, _ = open_library(self.settings, self.bench.db_path)
        assert open_entries(db) == (), "opening the library settles what was left open"
        db.close()

    # What must hold.

    def readable(self) -> Counter[bytes]:
        found = (path for path in self.home.rglob("*") if ".autodedup" not in path.parts)
        return Counter(path.read_bytes() for path in found if path.is_file())

    @contextmanager
    def nothing_is_lost(self) -> Iterator[None]:
        before = self.readable()
        yield
        assert self.readable() == before

    def state_and_disk_agree(self) -> None:
        db, _ = open_library(self.settings, self.bench.db_path)
        known = {row.path for row in files.select(db, "status NOT IN ('DELETED', 'MISSING')")}
        db.close()
        there = {
            path.relative_to(self.home).as_posix()
            for path in self.home.rglob("*.mp4")
            if path.is_file()
            and not path.is_symlink()
            and not {"__TRASH_BIN__", ".autodedup"} & set(path.relative_to(self.home).parts)
        }
        assert known == there

    @invariant()
    def no_private_name_is_left_behind(self) -> None:
        left = [path.name for path in self.home.rglob("*") if path.name.startswith(PRIVATE)]
        assert left == []


@contextmanager
def power_cut_at(count: int | None) -> Iterator[None]:
    """Stop the machine when the outcome of the `count`-th step is about to be written."""
    left = [count or 0]

    def cut(*arguments: object, **named: object) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise PowerCut
        record(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came

    record = fates.record_done
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fates, "record_done", cut)
        yield


TestLibrary = Library.TestCase
TestLibrary.settings = settings(
    max_examples=25,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
