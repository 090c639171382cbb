"""The table of files: what lies in the library, and how far each file has come."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias, cast

import apsw

from autodedup.engine.names import from_bytes, to_bytes
from autodedup.engine.store.database import Database, integer
from autodedup.schemas.errors import FileCode
from autodedup.schemas.vocabulary import FileState

# A file in one of these states is not there for us.
GONE: tuple[FileState, ...] = ("DELETED", "MISSING")


class Stat(NamedTuple):
    """What identifies a file on disk without reading it."""

    size: int
    mtime_ns: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file as the database knows it; `path` is relative to its root."""

    id: int
    root_id: int
    path: str
    stat: Stat
    status: FileState
    code: FileCode | None
    detail: str | None
    attempts: int
    crashes: int
    edge_hash: bytes | None
    sha256: bytes | None
    signature_id: int | None
    found_at: float
    """When this content came to this place or was first seen there: seconds since 1970."""


_COLUMNS = (
    "id, root_id, path, size, mtime_ns, device, inode, status, code, detail, attempts, crashes, "
    "edge_hash, sha256, signature_id, found_at"
)


_Values: TypeAlias = (
    "tuple[int, int, bytes, int, int, int, int, FileState, FileCode | None, str | None, int, int, "
    "bytes | None, bytes | None, int | None, float]"
)


Values: TypeAlias = "tuple[apsw.SQLiteValue, ...]"
"""A row as the database returns it."""


def _row(values: Values) -> FileRow:
    # One cast for the row, not one a column: a library has a hundred thousand of these.
    (number, root, path, size, mtime, device, inode, status, code, detail, attempts, crashes,
     edge, sha, signature, found_at) = cast("_Values", values)  # fmt: skip
    stat = Stat(size, mtime, device, inode)
    return FileRow(
        number, root, from_bytes(path), stat, status, code, detail, attempts, crashes,
        edge, sha, signature, found_at,
    )  # fmt: skip


def select(
    db: Database, where: str = "1", bindings: "Sequence[apsw.SQLiteValue]" = ()
) -> list[FileRow]:
    """Return the files that meet a condition of our own making (never a client's words)."""
    sql = f"SELECT {_COLUMNS} FROM files WHERE {where} ORDER BY id"
    with db.read() as connection:
        return [_row(values) for values in connection.execute(sql, tuple(bindings))]


def present(db: Database, known: Mapping[Values, FileRow]) -> dict[Values, FileRow]:
    """Return the files that are there, by what the database holds of each, in order of number.

    `known` is what an earlier call returned: rows that are what they were are not made anew.
    """
    sql = f"SELECT {_COLUMNS} FROM files WHERE status NOT IN ('DELETED', 'MISSING') ORDER BY id"
    with db.read() as connection:
        found = list(connection.execute(sql))
    return {values: known.get(values) or _row(values) for values in found}


def by_ids(db: Database, ids: Iterable[int]) -> dict[int, FileRow]:
    """Return the files of these numbers; unknown numbers are left out."""
    found: dict[int, FileRow] = {}
    with db.read() as connection:
        for batch in _batches(sorted(set(ids)), 500):
            marks = ",".join("?" * len(batch))
            sql = f"SELECT {_COLUMNS} FROM files WHERE id IN ({marks})"
            for values in connection.execute(sql, tuple(batch)):
                row = _row(values)
                found[row.id] = row
    return found


def at(db: Database, root_id: int, path: str) -> FileRow | None:
    """Return the file at this place, or None."""
    rows = select(db, "root_id = ? AND path = ?", (root_id, to_bytes(path)))
    return rows[0] if rows else None


Standing: TypeAlias = tuple[int, bytes, int, int, int, int]
"""Root, path as bytes, size, time, device and inode of a file that is there for us."""


def standing(db: Database) -> set[Standing]:
    """Return every file that is there, as no more than what a look at the disk would show."""
    with db.read() as connection:
        return set(
            cast(
                "Iterable[Standing]",
                connection.execute(
                    "SELECT root_id, path, size, mtime_ns, device, inode FROM files "
                    "WHERE status NOT IN ('DELETED', 'MISSING')"
                ),
            )
        )


def in_places(db: Database, places: Iterable[tuple[int, bytes]]) -> Iterator[FileRow]:
    """Yield the files, gone ones too, of these roots and paths; unknown places are left out."""
    sql = f"SELECT {_COLUMNS} FROM files WHERE root_id = ? AND path = ?"
    with db.read() as connection:
        for place in places:
            for values in connection.execute(sql, place):
                yield _row(values)


def look_alikes(db: Database) -> list[FileRow]:
    """Return the files that are there and agree in size and ends with another of any state."""
    sql = (
        f"SELECT {_COLUMNS} FROM files JOIN ("
        "SELECT size AS alike_size, edge_hash AS alike_edges FROM files "
        "WHERE edge_hash IS NOT NULL GROUP BY size, edge_hash HAVING count(*) > 1"
        ") ON size = alike_size AND edge_hash = alike_edges "
        "WHERE status NOT IN ('DELETED', 'MISSING') ORDER BY id"
    )
    with db.read() as connection:
        return [_row(values) for values in connection.execute(sql)]


def add(connection: apsw.Connection, root_id: int, path: str, stat: Stat) -> int:
    """Record a file that was not known and return its number."""
    now = time.time()
    connection.execute(
        "INSERT INTO files "
        "(root_id, path, size, mtime_ns, device, inode, status, found_at, seen_at) "
        "VALUES (?, ?, ?, ?, ?, ?, 'NEW', ?, ?)",
        (root_id, to_bytes(path), stat.size, stat.mtime_ns, stat.device, stat.inode, now, now),
    )
    return connection.last_insert_rowid()


def reset(connection: apsw.Connection, file_id: int, stat: Stat) -> None:
    """Record that a file's content changed: all that was known of it is void."""
    now = time.time()
    connection.execute(
        "UPDATE files SET size = ?, mtime_ns = ?, device = ?, inode = ?, status = 'NEW', "
        "code = NULL, detail = NULL, attempts = 0, crashes = 0, edge_hash = NULL, sha256 = NULL, "
        "signature_id = NULL, found_at = ?, seen_at = ? WHERE id = ?",
        (stat.size, stat.mtime_ns, stat.device, stat.inode, now, now, file_id),
    )


def start_over(connection: apsw.Connection, file_id: int) -> None:
    """Void what was computed from a file that did not change; its record of crashes stays."""
    connection.execute(
        "UPDATE files SET status = 'NEW', code = NULL, detail = NULL, edge_hash = NULL, "
        "sha256 = NULL, signature_id = NULL WHERE id = ?",
        (file_id,),
    )


def relocate(
    connection: apsw.Connection, file_id: int, root_id: int, path: str, stat: Stat
) -> None:
    """Record that a file has another name now, and keep what was known of its content.

    A row that another file left behind at that name gives way.
    """
    name = to_bytes(path)
    connection.execute(
        "DELETE FROM files WHERE root_id = ? AND path = ? AND id <> ?", (root_id, name, file_id)
    )
    connection.execute(
        "UPDATE files SET root_id = ?, path = ?, size = ?, mtime_ns = ?, device = ?, inode = ?, "
        "status = CASE WHEN status IN ('MISSING', 'DELETED') THEN CASE "
        "WHEN signature_id IS NOT NULL THEN 'PROCESSED' WHEN edge_hash IS NOT NULL THEN 'HASHED' "
        "ELSE 'NEW' END ELSE status END, seen_at = ? WHERE id = ?",
        (root_id, name, stat.size, stat.mtime_ns, stat.device, stat.inode, time.time(), file_id),
    )


def come_back(connection: apsw.Connection, file_id: int, stat: Stat) -> None:
    """Record that a file that was missing or let go lies at its old place, unchanged."""
    now = time.time()
    connection.execute(
        "UPDATE files SET status = CASE WHEN signature_id IS NOT NULL THEN 'PROCESSED' "
        "WHEN code IS NOT NULL THEN 'BROKEN' WHEN edge_hash IS NOT NULL THEN 'HASHED' "
        "ELSE 'NEW' END, device = ?, inode = ?, found_at = ?, seen_at = ? WHERE id = ?",
        (stat.device, stat.inode, now, now, file_id),
    )


def renumber(connection: apsw.Connection, file_id: int, stat: Stat) -> None:
    """Record a new device or inode number of an unchanged file (a disk mounted elsewhere)."""
    connection.execute(
        "UPDATE files SET device = ?, inode = ? WHERE id = ?", (stat.device, stat.inode, file_id)
    )


def mark_missing(connection: apsw.Connection, ids: Iterable[int]) -> None:
    """Record that files are gone without our doing."""
    connection.executemany(
        "UPDATE files SET status = 'MISSING' WHERE id = ?", [(number,) for number in ids]
    )


def set_edges(connection: apsw.Connection, file_id: int, edge_hash: bytes) -> None:
    """Record the hash of a file's size and two ends."""
    connection.execute(
        "UPDATE files SET edge_hash = ?, status = 'HASHED', code = NULL, detail = NULL "
        "WHERE id = ?",
        (edge_hash, file_id),
    )


def set_sha256(connection: apsw.Connection, file_id: int, sha256: bytes) -> None:
    """Record the hash of a whole file."""
    connection.execute("UPDATE files SET sha256 = ? WHERE id = ?", (sha256, file_id))


def set_signature(connection: apsw.Connection, file_id: int, signature_id: int) -> None:
    """Record that a file is signed."""
    connection.execute(
        "UPDATE files SET signature_id = ?, status = 'PROCESSED', code = NULL, detail = NULL "
        "WHERE id = ?",
        (signature_id, file_id),
    )


def set_failed(
    connection: apsw.Connection, file_id: int, status: FileState, code: FileCode, detail: str
) -> None:
    """Record why a file could not be signed."""
    connection.execute(
        "UPDATE files SET status = ?, code = ?, detail = ?, attempts = attempts + 1, "
        "crashes = crashes + ?, signature_id = NULL WHERE id = ?",
        (status, code, detail, int(code in {"DECODER_CRASHED", "DECODE_TIMEOUT"}), file_id),
    )


def by_status(db: Database) -> dict[str, int]:
    """Return how many files are in each state."""
    with db.read() as connection:
        rows = connection.execute("SELECT status, count(*) FROM files GROUP BY status")
        return {str(status): cast("int", count) for status, count in rows}


def count(db: Database) -> int:
    """Return how many files there are, not counting those that are gone."""
    with db.read() as connection:
        return integer(
            connection, "SELECT count(*) FROM files WHERE status NOT IN ('DELETED', 'MISSING')"
        )


def _batches(numbers: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]
