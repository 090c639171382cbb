"""Which files are byte for byte the same: ends first, the whole only where the ends agree.

A file's size and its first and last 64 KiB tell nearly all files apart at the cost of one read.
SHA-256 over everything is computed for those that still agree.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.ingest.asking import ask, path_of
from autodedup.engine.ingest.refusal import Refusals
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.roots import Roots
from autodedup.engine.signature.digests import edge_hash
from autodedup.engine.store import files, generation
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import DigestTask, Failed

READERS = 8  # the ends of files are waited for, not computed: more threads than cores help
BATCH = 64


class Identity:
    """Hashes the bytes of files."""

    def __init__(
        self, db: Database, roots: Roots, pool: WorkerPool, refusals: Refusals, tally: Tally
    ) -> None:
        self._db, self._roots, self._pool = db, roots, pool
        self._refusals, self._tally = refusals, tally

    def read_ends(self, rows: Sequence[FileRow], stop: threading.Event) -> list[FileRow]:
        """Hash the ends of files and return those that could be read.

        Raises:
            CancelledError: `stop` was set; what was hashed is kept.
        """
        readable: list[FileRow] = []
        self._tally.begin("hashing ends", (row.stat.size for row in rows))
        with ThreadPoolExecutor(READERS, thread_name_prefix="ends") as readers:
            for start in range(0, len(rows), BATCH):
                _stop_if_asked(stop)
                batch = rows[start : start + BATCH]
                hashed = list(readers.map(self._ends, batch))
                with self._db.atomic() as connection:
                    for row, outcome in zip(batch, hashed, strict=True):
                        if isinstance(outcome, FileError):
                            self._refusals.write(connection, row, outcome)
                        else:
                            files.set_edges(connection, row.id, outcome)
                            readable.append(row)
                    generation.advance(connection)
        return readable

    def _ends(self, row: FileRow) -> bytes | FileError:
        self._tally.taken(row.id, row.path, row.stat.size)
        try:
            return edge_hash(
                path_of(row, self._roots), size=row.stat.size, mtime_ns=row.stat.mtime_ns
            )
        except FileError as error:
            return error
        finally:
            self._tally.ended(row.id)

    def read_whole(self, covers: Callable[[FileRow], bool], stop: threading.Event) -> None:
        """Hash all bytes of the files whose size and ends agree with those of a file that waits.

        Args:
            covers: Whether a file is one of those that this ingest is about.
            stop: Set where the work shall end.

        Raises:
            CancelledError: `stop` was set; what was hashed is kept.
        """
        wanted = {row.id: row for row in self._look_alikes(covers)}
        tasks = (
            ask(DigestTask, key, row, self._roots)
            for key, row in self._tally.in_turn("hashing look-alikes", wanted)
        )
        for outcome in self._pool.run(tasks, stop):
            row = wanted[outcome.task.key]
            self._tally.ended(row.id)
            with self._db.atomic() as connection:
                if isinstance(outcome, Failed):
                    self._refusals.write(connection, row, outcome.error)
                else:
                    files.set_sha256(connection, row.id, outcome.value)
                    generation.advance(connection)
        _stop_if_asked(stop)

    def _look_alikes(self, covers: Callable[[FileRow], bool]) -> list[FileRow]:
        alike: dict[tuple[int, bytes | None], list[FileRow]] = defaultdict(list)
        for row in files.look_alikes(self._db):
            if self._roots.has(row.root_id):
                alike[row.stat.size, row.edge_hash].append(row)
        return [
            row
            for group in alike.values()
            if len(group) > 1 and any(_waits(row) and covers(row) for row in group)
            for row in group
            if row.sha256 is None
        ]


def _waits(row: FileRow) -> bool:
    # Whoever stopped an earlier ingest between ends and whole left some of these behind.
    return row.sha256 is None and row.status == "HASHED"


def _stop_if_asked(stop: threading.Event) -> None:
    if stop.is_set():
        raise CancelledError("The ingest was stopped; what was finished is kept.")
