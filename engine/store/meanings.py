"""The tables of the semantic tier: what the frames of a content mean, by one model at a time.

Each model has a `vec0 float[N]` table of its own. A content has meanings by one model: those by
another are forgotten in the same moment that new ones are stored. It is then compared anew.
"""

from typing import cast

import apsw
import numpy as np

from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.store.database import Database, integer


def add(connection: apsw.Connection, number: int, meanings: Meanings) -> None:
    """Store the meanings of a signature in place of those it had."""
    forget(connection, number)
    connection.execute("DELETE FROM compared WHERE signature_id = ?", (number,))
    model = _model(connection, meanings.recipe, meanings.rows.shape[1])
    first = integer(connection, "SELECT coalesce(max(id), 0) FROM meaning_frames") + 1
    connection.executemany(
        "INSERT INTO meaning_frames (id, model_id, signature_id, timestamp_s) VALUES (?, ?, ?, ?)",
        [(first + n, model, number, float(t)) for n, t in enumerate(meanings.times_seconds)],
    )
    connection.executemany(
        f"INSERT INTO meanings_{model} (rowid, embedding) VALUES (?, ?)",
        [
            (first + n, np.ascontiguousarray(row, dtype="<f4").tobytes())
            for n, row in enumerate(meanings.rows)
        ],
    )


def _model(connection: apsw.Connection, recipe: str, dimensions: int) -> int:
    found = integer(connection, "SELECT id FROM meaning_models WHERE recipe = ?", (recipe,))
    if found:
        return found
    connection.execute(
        "INSERT INTO meaning_models (recipe, dimensions) VALUES (?, ?)", (recipe, dimensions)
    )
    number = connection.last_insert_rowid()
    connection.execute(
        f"CREATE VIRTUAL TABLE meanings_{number} USING vec0("
        f"embedding float[{dimensions}] distance_metric=cosine)"
    )
    return number


def forget(connection: apsw.Connection, number: int) -> None:
    """Take away what the frames of a signature mean; nothing else of it."""
    held = [
        (cast("int", frame), cast("int", model))
        for frame, model in connection.execute(
            "SELECT id, model_id FROM meaning_frames WHERE signature_id = ?", (number,)
        )
    ]
    for frame, model in held:
        connection.execute(f"DELETE FROM meanings_{model} WHERE rowid = ?", (frame,))
    connection.execute("DELETE FROM meaning_frames WHERE signature_id = ?", (number,))


def with_recipe(db: Database, recipe: str) -> frozenset[int]:
    """Return the signatures whose frames have meanings of this recipe."""
    with db.read() as connection:
        found = connection.execute(
            "SELECT DISTINCT signature_id FROM meaning_frames WHERE model_id = "
            "(SELECT id FROM meaning_models WHERE recipe = ?)",
            (recipe,),
        )
        return frozenset(cast("int", row[0]) for row in found)


def all_of(db: Database) -> dict[int, Meanings]:
    """Return what every content means, by the number of its signature."""
    gathered: dict[int, tuple[str, list[float], list[bytes]]] = {}
    with db.read() as connection:
        # A state that is only read may be older than these tables.
        known = "SELECT count(*) FROM sqlite_master WHERE name = 'meaning_models'"
        if not integer(connection, known):
            return {}
        models = list(connection.execute("SELECT id, recipe FROM meaning_models"))
        for model, recipe in models:
            found = connection.execute(
                "SELECT f.signature_id, f.timestamp_s, m.embedding FROM meaning_frames f "
                f"JOIN meanings_{cast('int', model)} m ON m.rowid = f.id WHERE f.model_id = ? "
                "ORDER BY f.signature_id, f.timestamp_s, f.id",
                (model,),
            )
            for number, moment, embedding in found:
                of = gathered.setdefault(cast("int", number), (cast("str", recipe), [], []))
                of[1].append(cast("float", moment))
                of[2].append(cast("bytes", embedding))
    return {
        number: Meanings(
            recipe,
            np.array(times, dtype=np.float64),
            np.frombuffer(b"".join(rows), dtype="<f4").reshape(len(times), -1).astype(np.float32),
        )
        for number, (recipe, times, rows) in gathered.items()
    }
