"""Taking in signatures that were made elsewhere, for files that are here.

The library is looked through and the ends of its files are hashed here; a line is taken for the
files whose size and ends are those it speaks of. Names in it mean nothing. Where other bytes have
the same ends, the line cannot say which it means, and no file takes it.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from autodedup.engine.errors import CancelledError
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.ingest.run import IngestRun
from autodedup.engine.portable.line import RefusedLine, SignedLine, read_line
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_state
from autodedup.engine.signature.model import Signature
from autodedup.engine.store import files, generation, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.framing import NonsenseError
from autodedup.schemas.ingest import IngestArguments

IMPORTED, REFUSED, UNKNOWN = "imported", "refused_elsewhere", "not_in_this_library"
AMBIGUOUS, NONSENSE, KNOWN = "ambiguous", "not_a_valid_line", "signed_already"

_Identity = tuple[int, bytes]  # size in bytes, hash of both ends


class ImportRun(IngestRun):
    """An ingest whose signatures come from lines instead of decoders; `counts` says what came."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, lines: Iterable[bytes]
    ) -> None:
        arguments = IngestArguments(tiers=("exact", "perceptual"))
        super().__init__(db, roots, settings, arguments)
        self._lines = lines
        self.counts: Counter[str] = Counter()

    def sign(self, _decoders: Decoders, rows: Sequence[FileRow], stop: threading.Event) -> None:
        """Give the files the signatures that the lines hold; others stay for an ingest.

        Raises:
            CancelledError: `stop` was set; what was taken in is kept.
        """
        wanted: dict[_Identity, list[FileRow]] = defaultdict(list)
        self._tally.begin("signing", [row.stat.size for row in rows])
        for row in rows:
            if row.edge_hash is not None:
                wanted[row.stat.size, row.edge_hash].append(row)
        taken = {
            (row.stat.size, row.edge_hash)
            for row in files.select(self._db, "signature_id IS NOT NULL")
        }
        model = copy_state().recipe
        for text in self._lines:
            if stop.is_set():
                raise CancelledError("The import was stopped; what was taken in is kept.")
            self.counts[self._take(text, wanted, taken, model)] += 1

    def _take(
        self,
        text: bytes,
        wanted: dict[_Identity, list[FileRow]],
        taken: "set[tuple[int, bytes | None]]",
        model: str | None,
    ) -> str:
        """Take one line in and say what became of it."""
        try:
            line = read_line(text)
            if isinstance(line, RefusedLine):
                return REFUSED
            identity = (line.size, bytes.fromhex(line.edges))
            meant = wanted.get(identity)
            if meant is None:
                return KNOWN if identity in taken else UNKNOWN
            if len({row.sha256 for row in meant}) > 1 or (len(meant) > 1 and not meant[0].sha256):
                return AMBIGUOUS
            self._store(line, line.signature(), meant, model)
        except NonsenseError:
            return NONSENSE
        del wanted[identity]
        taken.add(identity)
        return IMPORTED

    def _store(
        self, line: SignedLine, signature: Signature, meant: Sequence[FileRow], model: str | None
    ) -> None:
        embedded = signature.embeddings is not None and line.head.embedding_recipe == model
        tiers = "exact,perceptual,copy" if embedded else "exact,perceptual"
        with self._db.atomic() as connection:
            number = signatures.add(connection, signature, tiers)
            for row in meant:
                files.set_signature(connection, row.id, number)
                self._tally.ended()
            generation.advance(connection)
        self._tally.signed(len(meant), signature.route, signature.seen_seconds)
