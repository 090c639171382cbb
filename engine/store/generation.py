"""A number that rises whenever what can be compared changes: stored results hold until then."""

import apsw

from autodedup.engine.store.database import integer


def current(connection: apsw.Connection) -> int:
    """Return the number of the state as it is now."""
    return integer(connection, "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'generation'")


def advance(connection: apsw.Connection) -> None:
    """Say that files, signatures or decisions have changed."""
    connection.execute(
        "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'"
    )
