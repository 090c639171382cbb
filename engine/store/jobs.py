"""The table of jobs: long work that outlives the call, and even the process, that started it."""

import json
import time
from dataclasses import dataclass
from typing import cast

from pydantic import JsonValue

from autodedup.engine.store.database import Database, integer
from autodedup.engine.store.leases import process_name
from autodedup.schemas.vocabulary import JobStatus


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job.

    `body` is its answer, or its error, once it has ended; before, what its owner last told of it.
    """

    id: int
    tool: str
    arguments: dict[str, JsonValue]
    status: JobStatus
    body: dict[str, JsonValue] | None
    owner: str
    stop_asked: bool


def start(db: Database, tool: str, arguments: dict[str, JsonValue]) -> int:
    """Record a job of this process and return its number."""
    with db.atomic() as connection:
        connection.execute(
            "INSERT INTO jobs (tool, arguments, status, owner, started_at) "
            "VALUES (?, ?, 'running', ?, ?)",
            (tool, json.dumps(arguments), process_name(), time.time()),
        )
        return connection.last_insert_rowid()


def adopt(db: Database, number: int, gone: str) -> bool:
    """Record that this process goes on with a job whose owner is `gone`; False: another does."""
    with db.atomic() as connection:
        connection.execute(
            "UPDATE jobs SET owner = ? WHERE id = ? AND owner = ? AND status = 'running'",
            (process_name(), number, gone),
        )
        return integer(connection, "SELECT changes()") == 1


def tell(db: Database, number: int, body: dict[str, JsonValue]) -> None:
    """Record how far a job of this process has come, for calls to other servers."""
    with db.atomic() as connection:
        connection.execute(
            "UPDATE jobs SET body = ? WHERE id = ? AND owner = ? AND status = 'running'",
            (json.dumps(body), number, process_name()),
        )


def ask_to_stop(db: Database, number: int) -> None:
    """Ask the process that runs a job to end it at its next safe point."""
    with db.atomic() as connection:
        connection.execute("UPDATE jobs SET stop_asked = 1 WHERE id = ?", (number,))


def end(db: Database, number: int, status: JobStatus, body: dict[str, JsonValue]) -> None:
    """Record how a job ended."""
    with db.atomic() as connection:
        connection.execute(
            "UPDATE jobs SET status = ?, body = ?, ended_at = ? WHERE id = ?",
            (status, json.dumps(body), time.time(), number),
        )


def get(db: Database, number: int) -> JobRow | None:
    """Return a job, or None."""
    with db.read() as connection:
        row = connection.execute(
            "SELECT id, tool, arguments, status, body, owner, stop_asked FROM jobs WHERE id = ?",
            (number,),
        ).fetchone()
    if row is None:
        return None
    _, tool, arguments, status, body, owner, stop_asked = row
    return JobRow(
        id=number,
        tool=str(tool),
        arguments=json.loads(str(arguments)),
        status=cast("JobStatus", status),
        body=None if body is None else json.loads(str(body)),
        owner=str(owner),
        stop_asked=bool(stop_asked),
    )
