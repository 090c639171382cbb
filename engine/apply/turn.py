"""A turn at changing the library: the lease is held, and what a crash left open is settled."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from autodedup.engine.apply.recover import recover
from autodedup.engine.errors import DatabaseLockedError
from autodedup.engine.roots import Roots
from autodedup.engine.store.database import Database
from autodedup.engine.store.journal import open_entries
from autodedup.engine.store.leases import lease


@contextmanager
def turn(db: Database, roots: Roots, doing: str, stop: threading.Event) -> Iterator[None]:
    """Hold the library's lease, with every interrupted step finished or rolled back.

    `stop` is set when the lease is lost.

    Raises:
        DatabaseLockedError: An ingest, apply, undo or purge is at work; details say which.
        ApplyUnfinishedError: The disk does not show enough to settle an interrupted step.
    """
    with lease(db, doing, stop):
        recover(db, {root.id: root.path for root in roots.all})
        yield


def settle(db: Database, roots: Roots) -> None:
    """Finish or roll back what a crash interrupted, if that is nobody's work at this moment.

    Raises:
        ApplyUnfinishedError: The disk does not show enough to do so.
    """
    if not open_entries(db):
        return
    try:
        with turn(db, roots, "recovery", threading.Event()):
            pass
    except DatabaseLockedError:
        return  # another server is at it: its apply under way, or this same recovery
