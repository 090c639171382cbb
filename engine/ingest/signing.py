"""Which files need a signature, and giving it to them: each distinct content is decoded once."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import apsw

from autodedup.engine.errors import CancelledError
from autodedup.engine.ingest.asking import ask
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.ingest.refusal import Refusals
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.roots import Roots
from autodedup.engine.signature.model import Signature
from autodedup.engine.store import files, generation, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.tasks import Failed, SignTask


@dataclass(frozen=True, slots=True)
class Content:
    """Files with the same bytes: the first is decoded for all of them."""

    files: tuple[FileRow, ...]

    @property
    def decoded(self) -> FileRow:
        """Return the file that is decoded."""
        return self.files[0]


class Signing:
    """Decodes and signs what is not signed yet."""

    def __init__(
        self,
        db: Database,
        roots: Roots,
        decoders: Decoders,
        refusals: Refusals,
        tally: Tally,
        *,
        embedding: str | None,
    ) -> None:
        self._db, self._roots, self._decoders = db, roots, decoders
        self._refusals, self._tally = refusals, tally
        self._embedding = embedding

    def run(self, rows: Sequence[FileRow], tiers: str, stop: threading.Event) -> None:
        """Sign the files, sharing a signature among exact copies.

        Raises:
            CancelledError: `stop` was set; what was signed is kept.
        """
        to_decode = {content.decoded.id: content for content in self._unsigned(rows)}
        embedded = self._embedding is not None
        decoded = {key: content.decoded for key, content in to_decode.items()}
        tasks = (
            replace(ask(SignTask, key, file, self._roots), embedded=embedded)
            for key, file in self._tally.in_turn("signing", decoded)
        )
        for outcome in self._decoders.run(tasks, stop):
            content = to_decode[outcome.task.key]
            self._tally.ended(outcome.task.key)
            with self._db.atomic() as connection:
                if isinstance(outcome, Failed):
                    for row in content.files:
                        self._refusals.write(connection, row, outcome.error)
                else:
                    self._store(connection, content, outcome.value, tiers)
                generation.advance(connection)
        if stop.is_set():
            raise CancelledError("The ingest was stopped; what was signed is kept.")

    def _store(
        self,
        connection: apsw.Connection,
        content: Content,
        signature: Signature,
        tiers: str,
    ) -> None:
        number = signatures.add(connection, signature, tiers)
        for row in content.files:
            files.set_signature(connection, row.id, number)
        self._tally.signed(len(content.files), signature.route, signature.seen_seconds)

    def _unsigned(self, rows: Sequence[FileRow]) -> list[Content]:
        """Give exact copies of signed files their signature; return what is left, by content."""
        outdated = signatures.outdated(self._db, self._embedding)
        signed = {
            row.sha256: row.signature_id
            for row in files.select(self._db, "sha256 IS NOT NULL AND signature_id IS NOT NULL")
            if row.signature_id not in outdated
        }
        by_content: dict[bytes | int, list[FileRow]] = defaultdict(list)
        with self._db.atomic() as connection:
            for row in rows:
                number = signed.get(row.sha256) if row.sha256 is not None else None
                if number is None:
                    by_content[row.sha256 or row.id].append(row)
                else:
                    files.set_signature(connection, row.id, number)
                    self._tally.signed(1, None, 0.0)
                    generation.advance(connection)
        return [Content(tuple(group)) for group in by_content.values()]
