"""The semantic tier of an ingest: which contents have no meanings by this model, and giving them.

Decoding (worker processes), the model (one process) and the database (this thread) are stages with
bounded queues between them; what is finished is written at once.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace

from autodedup.engine.errors import CancelledError
from autodedup.engine.ingest.asking import ask
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.roots import Roots
from autodedup.engine.semantic.process import Embedder
from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.store import generation, meanings
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import Failed, StillsTask


class Meaning:
    """Embeds what has no meanings by the chosen model."""

    def __init__(
        self, db: Database, roots: Roots, pool: WorkerPool, tally: Tally, embedder: Embedder
    ) -> None:
        self._db, self._roots, self._pool = db, roots, pool
        self._tally, self._embedder = tally, embedder

    def run(self, rows: Sequence[FileRow], stop: threading.Event) -> None:
        """Embed the contents of these signed files.

        Raises:
            CancelledError: `stop` was set; what was embedded is kept.
            GpuOutOfMemoryError: Not one frame fits into the GPU's memory.
            ModelUnavailableError: The model cannot be used here.
        """
        ready = self._embedder.ready(stop)
        known = meanings.with_recipe(self._db, ready.recipe)
        holder: dict[int, FileRow] = {}
        for row in rows:
            if row.signature_id is not None and row.signature_id not in known:
                holder.setdefault(row.signature_id, row)
        tasks = (
            replace(ask(StillsTask, key, row, self._roots), side=ready.side)
            for key, row in self._tally.in_turn("embedding meanings", holder)
        )
        refused = 0
        for outcome in self._pool.run(tasks, stop):
            self._tally.ended(outcome.task.key)
            if isinstance(outcome, Failed):
                refused += 1  # it is signed all the same: it is only not compared by meaning
            else:
                self._embedder.feed(outcome.task.key, outcome.value, stop)
            self._store(self._embedder.finished())
        if stop.is_set():
            raise CancelledError("The ingest was stopped; what was embedded is kept.")
        self._store(self._embedder.rest(stop))
        if refused:
            self._tally.note(f"{refused} signed files gave no pictures to the semantic tier.")

    def _store(self, embedded: Iterable[tuple[int, Meanings]]) -> None:
        for number, found in embedded:
            with self._db.atomic() as connection:
                meanings.add(connection, number, found)
                generation.advance(connection)
