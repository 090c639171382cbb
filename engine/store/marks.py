"""Small numbers about the state as a whole: how far a pass over all of it has come."""

from autodedup.engine.store.database import Database, integer


def get(db: Database, name: str) -> int:
    """Return a mark, 0 if it was never made."""
    with db.read() as connection:
        return integer(
            connection, "SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?", (name,)
        )


def put(db: Database, name: str, value: int) -> None:
    """Make a mark."""
    with db.atomic() as connection:
        connection.execute(
            "INSERT INTO meta (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, str(value)),
        )
