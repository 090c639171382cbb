"""Which number a root has in the database, also after its disk is mounted elsewhere."""

import time
from collections.abc import Sequence
from pathlib import Path

from autodedup.engine.names import to_bytes
from autodedup.engine.roots import Root
from autodedup.engine.store import marks
from autodedup.engine.store.database import Database, integer, scalar

HOME = "home_root"  # the number of the root in which the database itself lies


def register(db: Database, paths: Sequence[Path]) -> tuple[Root, ...]:
    """Return the roots with their numbers, giving new ones a number.

    A root is known by its path. The root in which the database lies is known as its home, so it
    keeps its number wherever it is mounted.
    """
    with db.read() as connection:
        known = {
            bytes(path): int(number)
            for number, path in connection.execute("SELECT id, path FROM roots ORDER BY id")
        }
    wanted = [to_bytes(str(path)) for path in paths]
    home = marks.get(db, HOME) if db.path.is_relative_to(paths[0]) else 0
    numbers = [known.get(path) for path in wanted]
    if numbers[0] is None and home:
        numbers[0] = home
    if db.read_only:
        return tuple(Root(n or -1, path) for n, path in zip(numbers, paths, strict=True))
    if None not in numbers and (numbers[0] == home or not home) and known.get(wanted[0]):
        return tuple(Root(n or -1, path) for n, path in zip(numbers, paths, strict=True))
    return _recorded(db, paths, wanted, home)


def _recorded(
    db: Database, paths: Sequence[Path], wanted: Sequence[bytes], home: int
) -> tuple[Root, ...]:
    with db.atomic() as connection:
        if home and not scalar(connection, "SELECT 1 FROM roots WHERE path = ?", (wanted[0],)):
            connection.execute("UPDATE roots SET path = ? WHERE id = ?", (wanted[0], home))
        for path in wanted:
            connection.execute(
                "INSERT INTO roots (path, added_at) VALUES (?, ?) ON CONFLICT (path) DO NOTHING",
                (path, time.time()),
            )
        roots = tuple(
            Root(integer(connection, "SELECT id FROM roots WHERE path = ?", (name,)), path)
            for name, path in zip(wanted, paths, strict=True)
        )
        if db.path.is_relative_to(paths[0]) and not home:
            marks.put(db, HOME, roots[0].id)
        return roots
