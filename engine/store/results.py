"""Stored lists of groups: computed once, read page by page, and the same however often asked."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import apsw
from pydantic import JsonValue

from autodedup.engine.store.database import Database, integer
from autodedup.schemas.find_duplicates import Group

HEAD_FILES = 200  # of one group, that a page may show
KEPT_RESULTS = 50  # older ones are forgotten; their cursors answer CURSOR_EXPIRED


@dataclass(frozen=True, slots=True)
class ResultRow:
    """One stored result; `summary` holds totals and coverage.

    `basis` names what was said of the pairs that the groups rest on; see `store.pairs`.
    """

    id: int
    basis: str
    generation: int
    summary: dict[str, JsonValue]
    groups: int


def group_number(connection: apsw.Connection, kind: str, files: Sequence[int]) -> int:
    """Return the number of a group of these files, the same whenever they are found together."""
    text = f"{kind}:" + ",".join(str(number) for number in sorted(files))
    members = hashlib.sha256(text.encode("ascii")).digest()
    connection.execute("INSERT INTO groups (members) VALUES (?) ON CONFLICT DO NOTHING", (members,))
    return integer(connection, "SELECT id FROM groups WHERE members = ?", (members,))


@dataclass(frozen=True, slots=True, eq=False)
class StoredGroup:
    """A group and how it is written; `head` is as much as a page may show where that is not all."""

    group: Group
    body: str
    head: str | None


def as_stored(group: Group) -> StoredGroup:
    """Return a group with how it is written."""
    return StoredGroup(group, json.dumps(group.wire()), _head(group))


def save(
    connection: apsw.Connection,
    *,
    question: str,
    basis: str,
    generation: int,
    summary: dict[str, JsonValue],
    groups: Sequence[StoredGroup],
) -> int:
    """Store a result and return its number."""
    connection.execute(
        "INSERT INTO results (question, basis, generation, summary, made_at) "
        "VALUES (?, ?, ?, ?, ?)",
        (question, basis, generation, json.dumps(summary), time.time()),
    )
    number = connection.last_insert_rowid()
    connection.executemany(
        "INSERT INTO result_groups (result_id, place, group_id, body, head) VALUES (?, ?, ?, ?, ?)",
        [
            (number, place, int(stored.group.id[1:]), stored.body, stored.head)
            for place, stored in enumerate(groups)
        ],
    )
    connection.execute("DELETE FROM results WHERE id <= ?", (number - KEPT_RESULTS,))
    return number


def _head(group: Group) -> str | None:
    if len(group.files) <= HEAD_FILES:
        return None
    update = {"files": group.files[:HEAD_FILES], "files_total": len(group.files)}
    return json.dumps(group.model_copy(update=update).wire())


def find(db: Database, question: str, generation: int) -> ResultRow | None:
    """Return the result of this question in this state of the library, or None."""
    return _one(db, "question = ? AND generation = ?", (question, generation))


def get(db: Database, number: int) -> ResultRow | None:
    """Return a result by its number, or None."""
    return _one(db, "id = ?", (number,))


def newest(db: Database) -> ResultRow | None:
    """Return the result that was computed last, or None."""
    return _one(db, "1", ())


def _one(db: Database, where: str, bindings: "tuple[apsw.SQLiteValue, ...]") -> ResultRow | None:
    sql = (
        "SELECT id, basis, generation, summary, "
        "(SELECT count(*) FROM result_groups WHERE result_id = id) "
        f"FROM results WHERE {where} ORDER BY id DESC LIMIT 1"
    )
    with db.read() as connection:
        row = connection.execute(sql, bindings).fetchone()
    if row is None:
        return None
    number, basis, generation, summary, groups = row
    return ResultRow(
        id=cast("int", number),
        basis=str(basis),
        generation=cast("int", generation),
        summary=json.loads(str(summary)),
        groups=cast("int", groups),
    )


def heads(db: Database, number: int, first: int, limit: int) -> list[Group]:
    """Return the groups of a result from place `first` on, each with as much as a page may show.

    Where that is not all, `files_total` says how many files there are.
    """
    with db.read() as connection:
        # A state that is only read may be older than the heads.
        with_heads = integer(
            connection,
            "SELECT count(*) FROM pragma_table_info('result_groups') WHERE name = 'head'",
        )
        rows = connection.execute(
            f"SELECT {'coalesce(head, body)' if with_heads else 'body'} FROM result_groups "
            "WHERE result_id = ? AND place >= ? ORDER BY place LIMIT ?",
            (number, first, limit),
        )
        return [Group.model_validate_json(str(row[0])) for row in rows]


def page(db: Database, number: int, first: int, limit: int) -> list[Group]:
    """Return the whole groups of a result from place `first` on."""
    with db.read() as connection:
        rows = connection.execute(
            "SELECT body FROM result_groups WHERE result_id = ? AND place >= ? "
            "ORDER BY place LIMIT ?",
            (number, first, limit),
        )
        return [Group.model_validate_json(str(row[0])) for row in rows]


def group(db: Database, group_id: int) -> tuple[Group, str] | None:
    """Return a group as it was found last, and the basis of that result; or None."""
    with db.read() as connection:
        row = connection.execute(
            "SELECT body, basis FROM result_groups JOIN results ON results.id = result_id "
            "WHERE group_id = ? ORDER BY result_id DESC LIMIT 1",
            (group_id,),
        ).fetchone()
    return None if row is None else (Group.model_validate_json(str(row[0])), str(row[1]))
