"""Finding remuxed and retagged copies without decoding: a hash of the encoded packets.

Hashing the packets reads the whole file, so it is done only where two contents could have the
same streams: same codecs, same picture size, and all but the same length.
"""

import itertools
import threading
from collections import defaultdict
from collections.abc import Iterable

from autodedup.engine.ingest.asking import ask
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.roots import Roots
from autodedup.engine.store import files, generation, marks, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.store.signatures import SignatureRow
from autodedup.engine.workers.pool import WorkerPool
from autodedup.engine.workers.tasks import Failed, StreamHashTask

# Containers round times differently; a remux moves the end by a few frames at most.
SAME_LENGTH_S = 0.5
LOOKED_THROUGH = "streams_through"  # the newest signature that was compared with all others


class Streams:
    """Hashes the packets of contents that could match."""

    def __init__(self, db: Database, roots: Roots, pool: WorkerPool, tally: Tally) -> None:
        self._db, self._roots, self._pool, self._tally = db, roots, pool, tally

    def run(self, stop: threading.Event) -> None:
        """Hash the packets of every content that could match another and has no hash yet."""
        newest = signatures.newest(self._db)
        if newest == marks.get(self._db, LOOKED_THROUGH):
            return
        if self._hash_look_alikes(stop) and not stop.is_set():
            marks.put(self._db, LOOKED_THROUGH, newest)

    def _hash_look_alikes(self, stop: threading.Event) -> bool:
        """Hash what could match; say whether all of it lies in the roots of this server."""
        rows = signatures.rows(self._db)
        wanted = {row.id for row in look_alikes(rows.values()) if row.stream_hash is None}
        holder: dict[int, FileRow] = {}
        for file in files.select(self._db, "status = 'PROCESSED'"):
            if file.signature_id in wanted and self._roots.has(file.root_id):
                holder.setdefault(file.signature_id, file)
        tasks = (
            ask(StreamHashTask, key, file, self._roots)
            for key, file in self._tally.in_turn("comparing streams", holder)
        )
        for outcome in self._pool.run(tasks, stop):
            self._tally.ended(outcome.task.key)
            # A file that cannot be read to its end has no claim to the same streams: it is still
            # compared by its pictures, so nothing is lost by leaving the hash out.
            if not isinstance(outcome, Failed):
                with self._db.atomic() as connection:
                    signatures.set_stream_hash(connection, outcome.task.key, outcome.value)
                    generation.advance(connection)
        return wanted <= holder.keys()


def look_alikes(rows: Iterable[SignatureRow]) -> list[SignatureRow]:
    """Return the contents whose streams could be those of another, by what their headers say."""
    alike: dict[tuple[str, int, int, str | None], list[SignatureRow]] = defaultdict(list)
    for row in rows:
        facts = row.facts
        alike[facts.codec, facts.width, facts.height, facts.audio_codec].append(row)
    found: dict[int, SignatureRow] = {}
    for group in alike.values():
        group.sort(key=lambda row: row.seconds)
        for shorter, longer in itertools.pairwise(group):
            if longer.seconds - shorter.seconds <= SAME_LENGTH_S:
                found[shorter.id], found[longer.id] = shorter, longer
    return list(found.values())
