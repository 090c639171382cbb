"""What becomes of a file's row when a step on the file has ended: let go, moved or brought back."""

import time

import apsw

from autodedup.engine.store import files, generation, journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.decisions import content_key
from autodedup.engine.store.files import FileRow, Stat
from autodedup.engine.store.journal import Entry, Outcome, Report
from autodedup.schemas.vocabulary import ActionKind

# The name shows no file of the library any more; a symlink is not followed, so not counted.
_LEAVES: frozenset[ActionKind] = frozenset({"trash", "delete", "quarantine", "symlink"})
_DEPARTS: frozenset[ActionKind] = frozenset({"trash", "delete"})


def record_done(db: Database, entry: Entry, report: Report) -> None:
    """Write down that a step is done, with what follows for its action and its file, at once."""
    row = files.by_ids(db, [_number(entry)]).get(_number(entry))
    with db.atomic() as connection:
        journal.close(connection, entry, "done", report)
        generation.advance(connection)
        if entry.direction == "apply":
            plans.set_action(connection, entry.plan, entry.n, "done", freed=entry.intent.freed)
            if row is not None:
                _apply(connection, entry, row, report)
        elif entry.direction == "undo":
            plans.set_action(connection, entry.plan, entry.n, "undone")
            if row is not None:
                _undo(connection, entry, row, report)


def record_not_done(db: Database, entry: Entry, outcome: Outcome, report: Report) -> None:
    """Write down that a step left the file where it was; its action's state is the caller's."""
    with db.atomic() as connection:
        journal.close(connection, entry, outcome, report)


def _apply(connection: apsw.Connection, entry: Entry, row: FileRow, report: Report) -> None:
    action = entry.intent.action
    if action in _LEAVES:
        connection.execute("UPDATE files SET status = 'DELETED' WHERE id = ?", (row.id,))
    elif report.lies is not None and report.landed is not None:
        stat = _stat(report)
        files.relocate(connection, row.id, report.lies.root, report.lies.path, stat)
    if action in _DEPARTS:
        connection.execute(
            "INSERT OR REPLACE INTO departed (content, how, plan_id, left_at) VALUES (?, ?, ?, ?)",
            (content_key(row), action, entry.plan, time.time()),
        )


def _undo(connection: apsw.Connection, entry: Entry, row: FileRow, report: Report) -> None:
    if report.lies is not None and report.landed is not None:
        stat = _stat(report)
        if _speaks_of_another_file(row, entry, report):
            files.reset(connection, row.id, stat)
        elif row.status == "DELETED":
            files.come_back(connection, row.id, stat)
        files.relocate(connection, row.id, report.lies.root, report.lies.path, stat)
    connection.execute(
        "DELETE FROM departed WHERE content = ? AND plan_id = ?", (content_key(row), entry.plan)
    )


def _speaks_of_another_file(row: FileRow, entry: Entry, report: Report) -> bool:
    """Return whether the row was given to a newcomer of the same name in the meantime."""
    looks = (entry.intent.seen, entry.intent.other_seen, report.landed)
    known = {(look.size, look.mtime_ns) for look in looks if look is not None}
    return (row.stat.size, row.stat.mtime_ns) not in known


def _stat(report: Report) -> Stat:
    landed = report.landed
    if landed is None:
        raise ValueError("a file that lies somewhere was looked at there")
    return Stat(landed.size, landed.mtime_ns, landed.device, landed.inode)


def _number(entry: Entry) -> int:
    return int(entry.intent.file[1:])
