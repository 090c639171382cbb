"""The journal: what is about to be done to a file of the user, on disk before it is done.

An entry holds both places, what the file looked like and every temporary name, so that after a
crash at any instant the disk alone says how far the step came (`engine.apply.recover`).
"""

import dataclasses
import json
import time
from dataclasses import dataclass
from typing import Literal, cast

import apsw
from pydantic import TypeAdapter

from autodedup.engine.store.database import Database
from autodedup.schemas.vocabulary import ActionKind

Direction = Literal["apply", "undo", "purge"]
Outcome = Literal["done", "rolled_back", "failed"]
# move: one rename. copy: across devices. swap: a name gets other contents. remove: for good.
Operation = Literal["move", "copy", "swap", "remove"]


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in the library: the number of a root and the path below it."""

    root: int
    path: str

    @property
    def folder(self) -> str:
        """Return the path of the folder; empty for the root itself."""
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        """Return the last component."""
        return self.path.rpartition("/")[2]

    def beside(self, name: str) -> "Spot":
        """Return another name in the same folder."""
        return Spot(self.root, f"{self.folder}/{name}" if self.folder else name)


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one file from another without reading it."""

    device: int
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Attributes:
    """What a file carries beside its bytes. Values of `xattrs` are hexadecimal."""

    mode: int
    uid: int
    gid: int
    atime_ns: int
    mtime_ns: int
    xattrs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """One step before it is taken.

    `source` is the name acted upon and `seen` what lies there. `target` is where it goes (move,
    copy). `private` is a temporary name beside the source, `arriving` one beside the target.
    `other` is what the new contents of a swap are taken from, and `attributes` what the old ones
    carried. `makes` are the folders that will be created on the way to the target, and `freed`
    the bytes that are given back.
    """

    operation: Operation
    action: ActionKind
    file: str
    source: Spot
    seen: Identity
    root_inode: int
    target: Spot | None = None
    private: str | None = None
    arriving: str | None = None
    other: Spot | None = None
    other_seen: Identity | None = None
    attributes: Attributes | None = None
    makes: tuple[str, ...] = ()
    freed: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """How a step went: the means used, where the file lies now, folders made, why it failed."""

    how: str
    lies: Spot | None = None
    landed: Identity | None = None
    made: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal; `outcome` is None while the step is open."""

    id: int
    plan: int
    n: int
    direction: Direction
    intent: Intent
    outcome: Outcome | None
    report: Report | None
    ended_at: float | None


_INTENT = TypeAdapter(Intent)
_REPORT = TypeAdapter(Report)


def intend(db: Database, plan: int, n: int, direction: Direction, intent: Intent) -> Entry:
    """Write down a step and return its entry once it is on disk."""
    with db.atomic() as connection:
        connection.execute(
            "INSERT INTO journal (plan_id, n, direction, intent, intended_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (plan, n, direction, _text(intent), time.time()),
        )
        number = connection.last_insert_rowid()
    return Entry(number, plan, n, direction, intent, None, None, None)


def close(connection: apsw.Connection, entry: Entry, outcome: Outcome, report: Report) -> None:
    """Write down how a step ended, in the transaction that records its consequences."""
    connection.execute(
        "UPDATE journal SET outcome = ?, report = ?, ended_at = ? WHERE id = ?",
        (outcome, _text(report), time.time(), entry.id),
    )


def open_entries(db: Database) -> tuple[Entry, ...]:
    """Return the steps whose outcome is not known, the latest first."""
    return _select(db, "outcome IS NULL ORDER BY id DESC", ())


def entries_of(db: Database, plan: int) -> tuple[Entry, ...]:
    """Return every step of a plan, in the order in which they were taken."""
    return _select(db, "plan_id = ? ORDER BY id", (plan,))


def standing_entries(db: Database, action: ActionKind, *, before: float) -> tuple[Entry, ...]:
    """Return the finished steps of one kind that were neither undone nor purged since.

    `before` is the instant, in seconds since 1970, before which they ended.
    """
    where = (
        "direction = 'apply' AND outcome = 'done' AND ended_at < ? "
        "AND json_extract(intent, '$.action') = ? AND NOT EXISTS ("
        "SELECT 1 FROM journal AS later WHERE later.plan_id = journal.plan_id "
        "AND later.n = journal.n AND later.id > journal.id AND later.outcome = 'done') "
        "ORDER BY id"
    )
    return _select(db, where, (before, action))


def last_done_of(db: Database, file: str) -> Entry | None:
    """Return the latest finished step of a plan on a file, given by its id."""
    where = (
        "direction = 'apply' AND outcome = 'done' AND json_extract(intent, '$.file') = ? "
        "ORDER BY id DESC LIMIT 1"
    )
    found = _select(db, where, (file,))
    return found[0] if found else None


def folders_made(db: Database) -> frozenset[Spot]:
    """Return every folder that our steps created: the only ones we may remove again."""
    entries = _select(db, "json_array_length(report, '$.made') > 0", ())
    return frozenset(
        Spot(entry.intent.target.root, folder)
        for entry in entries
        if entry.report is not None and entry.intent.target is not None
        for folder in entry.report.made
    )


def _select(
    db: Database, where: str, bindings: "tuple[apsw.SQLiteValue, ...]"
) -> tuple[Entry, ...]:
    sql = (
        "SELECT id, plan_id, n, direction, intent, outcome, report, ended_at "
        f"FROM journal WHERE {where}"
    )
    with db.read() as connection:
        return tuple(
            Entry(
                cast("int", number),
                cast("int", plan),
                cast("int", n),
                cast("Direction", direction),
                _INTENT.validate_python(json.loads(str(intent))),
                cast("Outcome | None", outcome),
                None if report is None else _REPORT.validate_python(json.loads(str(report))),
                cast("float | None", ended_at),
            )
            for number, plan, n, direction, intent, outcome, report, ended_at in (
                connection.execute(sql, bindings)
            )
        )


def _text(fact: Intent | Report) -> str:
    # ASCII only: names hold lone surrogates (PEP 383), which SQLite's text does not.
    return json.dumps(dataclasses.asdict(fact))
