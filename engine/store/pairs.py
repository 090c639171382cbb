"""What the matcher has said of pairs of contents, kept so that only newcomers are compared."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import cast

import apsw
from pydantic import TypeAdapter

from autodedup.engine.match.model import PairMatch
from autodedup.engine.store.database import Database

_MATCH = TypeAdapter(PairMatch)


def compared(db: Database, basis: str) -> frozenset[int]:
    """Return the contents whose pairs with each other are all known on this basis."""
    with db.read() as connection:
        rows = connection.execute("SELECT signature_id FROM compared WHERE basis = ?", (basis,))
        return frozenset(cast("int", row[0]) for row in rows)


def save(
    connection: apsw.Connection, basis: str, keys: Iterable[int], matches: Sequence[PairMatch]
) -> None:
    """Store what was found among contents; pairs that are not stored do not match.

    A content that was forgotten meanwhile, because its files changed, is left out.
    """
    known = {cast("int", row[0]) for row in connection.execute("SELECT id FROM signatures")}
    connection.executemany(
        "INSERT OR REPLACE INTO pairs (basis, low, high, body) VALUES (?, ?, ?, ?)",
        [
            (basis, min(match.a, match.b), max(match.a, match.b), json.dumps(asdict(match)))
            for match in matches
            if match.a in known and match.b in known
        ],
    )
    connection.executemany(
        "INSERT OR IGNORE INTO compared (basis, signature_id) VALUES (?, ?)",
        [(basis, key) for key in keys if key in known],
    )


def load(db: Database, basis: str) -> list[PairMatch]:
    """Return every match known on this basis, in a fixed order."""
    return list(by_text(db, basis, {}).values())


def by_text(db: Database, basis: str, known: Mapping[str, PairMatch]) -> dict[str, PairMatch]:
    """Return every match known on this basis, in a fixed order, by how it is stored.

    `known` is what an earlier call returned: what is stored as it was is not made anew.
    """
    with db.read() as connection:
        rows = connection.execute(
            "SELECT body FROM pairs WHERE basis = ? ORDER BY low, high", (basis,)
        )
        texts = [cast("str", row[0]) for row in rows]
    return {text: known.get(text) or _MATCH.validate_json(text) for text in texts}


def between(db: Database, basis: str, one: int, other: int) -> PairMatch | None:
    """Return what was said of two contents on this basis; None where they do not match."""
    with db.read() as connection:
        row = connection.execute(
            "SELECT body FROM pairs WHERE basis = ? AND low = ? AND high = ?",
            (basis, min(one, other), max(one, other)),
        ).fetchone()
    return None if row is None else _MATCH.validate_json(str(row[0]))
