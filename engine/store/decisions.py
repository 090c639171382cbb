"""What people have said: "these are not duplicates", kept by content, whatever the names."""

import time
from collections.abc import Iterable
from typing import cast

import apsw

from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow

ContentPair = tuple[bytes, bytes]


def content_key(file: FileRow) -> bytes:
    """Return what identifies a file's content: the hash of its size and two ends.

    SHA-256 is computed only when another file's ends agree, so it may appear later; the edge
    hash is there from the first ingest and never changes.
    """
    if file.edge_hash is not None:
        return b"edges:" + file.edge_hash
    return f"file:{file.id}:{file.stat.size}:{file.stat.mtime_ns}".encode("ascii")


def remember_pairs(connection: apsw.Connection, pairs: Iterable[ContentPair]) -> int:
    """Record pairs of contents that are not duplicates; return how many."""
    made = sorted(pair for pair in set(pairs) if pair[0] != pair[1])
    connection.executemany(
        "INSERT INTO decisions (low, high, made_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(low, high, time.time()) for low, high in made],
    )
    return len(made)


def pair(a: FileRow, b: FileRow) -> ContentPair:
    """Return the pair of contents of two files, in the order in which decisions are kept."""
    return _ordered(content_key(a), content_key(b))


def apart(db: Database) -> frozenset[ContentPair]:
    """Return every pair of contents that a person has said are not duplicates."""
    with db.read() as connection:
        rows = connection.execute("SELECT low, high FROM decisions")
        return frozenset((cast("bytes", low), cast("bytes", high)) for low, high in rows)


def departed(db: Database) -> dict[bytes, float]:
    """Return the contents that were trashed or deleted through us, and when they last were."""
    with db.read() as connection:
        rows = connection.execute("SELECT content, left_at FROM departed")
        return {cast("bytes", content): cast("float", left_at) for content, left_at in rows}


def _ordered(a: bytes, b: bytes) -> ContentPair:
    return (a, b) if a <= b else (b, a)
