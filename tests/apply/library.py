"""A small real library on disk with its database, and short words for planning and applying."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from autodedup.engine.apply.carry_out import ApplyReport, apply_plan
from autodedup.engine.apply.recover import Recovered, recover
from autodedup.engine.apply.undo import undo_plan
from autodedup.engine.store import files, journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow, Stat
from autodedup.schemas.plan import Action, Plan, Witness
from autodedup.schemas.vocabulary import ActionKind, Kind

BORN_NS = 1_600_000_000_123_456_789  # any past instant: times must come back to the nanosecond


@dataclass(frozen=True)
class Seen:
    """What a name shows: contents and all that undo promises to bring back."""

    content: bytes
    mtime_ns: int
    mode: int


@dataclass
class Library:
    """One root of files; `outside` is a folder beside it that nothing may touch."""

    folder: Path
    ids: dict[str, int] = field(default_factory=dict)
    state: Path | None = None

    def __post_init__(self) -> None:
        self.root = self.folder / "videos"
        self.outside = self.folder / "outside"
        self.root.mkdir(parents=True, exist_ok=True)
        self.outside.mkdir(exist_ok=True)
        self.db = Database(self.state or self.folder / "state.db")
        with self.db.atomic() as connection:
            connection.execute(
                "INSERT OR IGNORE INTO roots (id, path, added_at) VALUES (1, ?, 0)",
                (os.fsencode(self.root),),
            )
        self.ids = self.ids or {row.path: row.id for row in files.select(self.db)}

    def add(self, path: str, content: bytes, mtime_ns: int = BORN_NS) -> str:
        """Write a file of the library, record it, and return its path."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        os.utime(place, ns=(mtime_ns, mtime_ns))
        with self.db.atomic() as connection:
            number = files.add(connection, 1, path, stat_of(place))
            files.set_edges(connection, number, content[:32].ljust(32, b"-"))
        self.ids[path] = number
        return path

    def witness(self, path: str) -> Witness:
        found = (self.root / path).lstat()
        return Witness(
            file=f"f{self.ids[path]}",
            root=1,
            path=path,
            device=found.st_dev,
            inode=found.st_ino,
            size=found.st_size,
            mtime_ns=found.st_mtime_ns,
        )

    def action(
        self,
        kind: ActionKind,
        victim: str,
        keeper: str | None = None,
        *,
        n: int = 1,
        relation: Kind | None = "exact",
        to: str | None = None,
    ) -> Action:
        return Action(
            n=n,
            action=kind,
            victim=self.witness(victim),
            keeper=None if keeper is None else self.witness(keeper),
            relation=relation if keeper else None,
            to=to,
            because="a test says so",
            frees=(self.root / victim).lstat().st_size,
        )

    def plan(self, *actions: Action) -> Plan:
        """Store these actions, numbered anew, as a plan."""
        numbered = tuple(
            action.model_copy(update={"n": n}) for n, action in enumerate(actions, start=1)
        )
        return plans.load(self.db, plans.save(self.db, numbered).id)

    def apply(
        self,
        plan: Plan,
        *,
        allow_delete: bool = True,
        on_error: Literal["continue", "stop"] = "continue",
        stop: threading.Event | None = None,
        roots: dict[int, Path] | None = None,
        protected: Callable[[int, str], bool] = lambda _root, _path: False,
    ) -> ApplyReport:
        return apply_plan(
            self.db,
            roots or {1: self.root},
            plan,
            allow_delete=allow_delete,
            on_error=on_error,
            stop=stop or threading.Event(),
            report=lambda _: None,
            protected=protected,
        )

    def undo(self, plan: Plan) -> ApplyReport:
        return undo_plan(
            self.db,
            {1: self.root},
            int(plan.id[1:]),
            stop=threading.Event(),
            report=lambda _: None,
        )

    def recover(self) -> tuple[Recovered, ...]:
        return recover(self.db, {1: self.root})

    def tree(self) -> dict[str, Seen]:
        """Return every file by its path; links are shown by what they lead to."""
        return {
            path.relative_to(self.root).as_posix(): seen(path)
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }

    def folders(self) -> set[str]:
        return {p.relative_to(self.root).as_posix() for p in self.root.rglob("*") if p.is_dir()}

    def row(self, path: str) -> FileRow:
        """Return the row of the file that was added at this path, wherever it is now."""
        return files.by_ids(self.db, [self.ids[path]])[self.ids[path]]

    def status(self, plan: Plan) -> str:
        return plans.find(self.db, int(plan.id[1:])).status

    def states(self, plan: Plan) -> list[str]:
        return [row.state for row in plans.actions_of(self.db, int(plan.id[1:]))]

    def outcomes(self, plan: Plan) -> list[str | None]:
        return [entry.outcome for entry in journal.entries_of(self.db, int(plan.id[1:]))]


def seen(path: Path) -> Seen:
    found = path.stat()
    return Seen(path.read_bytes(), found.st_mtime_ns, found.st_mode & 0o7777)


def stat_of(path: Path) -> Stat:
    found = path.lstat()
    return Stat(found.st_size, found.st_mtime_ns, found.st_dev, found.st_ino)
