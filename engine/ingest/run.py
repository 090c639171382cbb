"""The whole of an ingest: walk, hash, sign, and what is told of it.

Every stage writes what it finishes at once, so a stop or a crash loses only what was in hand, and
the same call goes on from there.
"""

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from autodedup.engine.apply.turn import turn
from autodedup.engine.errors import CancelledError, ModelUnavailableError, PreflightFailedError
from autodedup.engine.gpu.lane import GpuLane
from autodedup.engine.gpu.state import GpuState, gpu_state
from autodedup.engine.ingest.decoders import Decoders
from autodedup.engine.ingest.identity import Identity
from autodedup.engine.ingest.meaning import Meaning
from autodedup.engine.ingest.refusal import Refusals
from autodedup.engine.ingest.scan import Scan, scope_of
from autodedup.engine.ingest.signing import Signing
from autodedup.engine.ingest.streams import Streams
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.preflight.checks import free_space_check
from autodedup.engine.roots import Roots
from autodedup.engine.semantic.process import Embedder
from autodedup.engine.semantic.state import chosen_model, meaning_state
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_state
from autodedup.engine.store import files, generation, signatures
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.pool import WorkerPool, default_size
from autodedup.schemas.ingest import IngestAnswer, IngestArguments
from autodedup.schemas.jobs import Progress
from autodedup.schemas.vocabulary import Tier

# What went wrong was not the file's fault and may be over: always tried again.
_PASSING = ("FILE_CHANGED", "PERMISSION_DENIED", "NO_SPACE")
MOST_CRASHES = 2  # a file that killed this many decoders is not tried again unless asked


class IngestRun:
    """One ingest; a `Work` for `engine.jobs`."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, arguments: IngestArguments
    ) -> None:
        self._db, self._roots, self._settings = db, roots, settings
        self._arguments = arguments
        self.begun = threading.Event()
        self._tiers: tuple[Tier, ...] = arguments.tiers
        self._embedding: str | None = None  # the recipe, where the copy tier is computed
        self._tally = Tally()
        self._refusals = Refusals(roots, self._tally)
        self._scope = scope_of(roots, arguments.paths, recursive=arguments.recursive)

    def run(self, stop: threading.Event) -> IngestAnswer:
        """Bring the state up to date with the disk.

        Raises:
            DatabaseLockedError: Another ingest or apply is at work.
            ModelUnavailableError: The semantic tier was asked for and has no model; or the copy
                tier has none, and nothing but it was to be computed.
            PathNotFoundError: A root cannot be read.
            PreflightFailedError: The disk of the state is all but full.
        """
        self._check_tiers()
        self._check_space()
        try:
            with turn(self._db, self._roots, "ingest", stop), self._pool() as pool:
                self.begun.set()
                self._check_copy()  # loads a model, so the turn is taken first
                with self._embedder() as embedder, self._decoders(pool) as decoders:
                    if embedder is not None:
                        embedder.ready(stop)  # nothing is done where its model does not load
                    self._stages(pool, decoders, embedder, stop)
        except CancelledError:
            return self._answer("cancelled")
        return self._answer("complete")

    def _check_tiers(self) -> None:
        if self._wants_meaning:
            state = meaning_state(self._settings)
            if state.error is not None:
                raise state.error

    def _check_copy(self) -> None:
        """See whether frames can be embedded here; if not, every other tier goes on."""
        if "copy" not in self._tiers:
            return
        state = copy_state()
        self._embedding = state.recipe
        if state.recipe is not None:
            return
        others = tuple(tier for tier in self._tiers if tier != "copy")
        if not set(others) - {"exact"}:
            raise ModelUnavailableError(f"{state.why} Nothing was ingested.")
        self._tiers = others
        self._tally.note(f"The copy tier was left out: {state.why}")

    def _check_space(self) -> None:
        check = free_space_check(self._db.path.parent, self._settings, "free_space")
        if check.status == "fail":
            raise PreflightFailedError(
                f"{check.detail} Nothing was ingested.",
                hint=check.fix,
                details={"failed": [check.name]},
            )

    def _pool(self) -> WorkerPool:
        size = self._settings.workers or default_size()
        return WorkerPool(size, timeout_s=self._settings.decode_timeout_s)

    def _embedder(self) -> AbstractContextManager[Embedder | None]:
        if not self._wants_meaning:
            return nullcontext()
        return Embedder(chosen_model(self._settings, self._gpu_share(gpu_state(self._settings))))

    @property
    def _wants_meaning(self) -> bool:
        return "semantic" in self._arguments.tiers

    def _gpu_share(self, state: GpuState) -> float:
        """Return how much of the GPU's memory one process may take: half, where there are two."""
        both = state.usable and self._wants_meaning
        return self._settings.gpu_memory_share / (2 if both else 1)

    def _stages(
        self,
        pool: WorkerPool,
        decoders: Decoders,
        embedder: Embedder | None,
        stop: threading.Event,
    ) -> None:
        Scan(self._db, self._roots, self._settings, self._scope, self._tally).run(stop)
        self._void_what_is_asked_again()
        identity = Identity(self._db, self._roots, pool, self._refusals, self._tally)
        to_do = self._to_do()
        self._tally.expect(len(to_do))
        exact_alone = set(self._tiers) == {"exact"}
        if to_do and not exact_alone:
            decoders.warm_up()
        readable = identity.read_ends([row for row in to_do if row.edge_hash is None], stop)
        identity.read_whole(lambda row: self._scope.covers(row.root_id, row.path), stop)
        if exact_alone:
            for _ in readable:
                self._tally.finished()
            return
        to_sign = [row for row in self._to_do() if row.edge_hash is not None]
        self.sign(decoders, to_sign, stop)
        Streams(self._db, self._roots, pool, self._tally).run(stop)
        if embedder is not None:
            there = self._covered("signature_id IS NOT NULL AND status = 'PROCESSED'")
            Meaning(self._db, self._roots, pool, self._tally, embedder).run(there, stop)
        with self._db.atomic() as connection:
            signatures.prune(connection)
        self._tally.begin("done")
        self._mention_former_failures()

    def _decoders(self, pool: WorkerPool) -> Decoders:
        state = gpu_state(self._settings)
        lane = GpuLane(
            memory_share=self._gpu_share(state),
            timeout_s=self._settings.decode_timeout_s,
        )
        return Decoders(pool, state, lane if state.usable else None)

    def sign(self, decoders: Decoders, rows: Sequence[FileRow], stop: threading.Event) -> None:
        """Give files that were hashed their signatures.

        Raises:
            CancelledError: `stop` was set; what was signed is kept.
        """
        signing = Signing(
            self._db,
            self._roots,
            decoders,
            self._refusals,
            self._tally,
            embedding=self._embedding,
        )
        signing.run(rows, ",".join(self._tiers), stop)

    def _void_what_is_asked_again(self) -> None:
        """Take back what is to be done again: by request, a new recipe, a passing fault."""
        there = "status NOT IN ('DELETED', 'MISSING')"
        with self._db.atomic() as connection:
            outdated = signatures.outdated(self._db, self._embedding)
            # An unchanged library has nothing here: its rows are not read.
            signed = self._covered("signature_id IS NOT NULL") if outdated else ()
            stale = {row.id for row in signed if row.signature_id in outdated}
            doubtful = there if self._arguments.force else f"{there} AND code IS NOT NULL"
            again = stale | {
                row.id
                for row in self._covered(doubtful)
                if self._arguments.force or self._is_tried_again(row)
            }
            for number in again:
                files.start_over(connection, number)
            if again:
                generation.advance(connection)

    def _is_tried_again(self, row: FileRow) -> bool:
        if row.code is None:
            return False
        one_crash = row.code == "DECODER_CRASHED" and row.crashes < MOST_CRASHES
        return self._arguments.retry_failed or one_crash or row.code in _PASSING

    def _to_do(self) -> list[FileRow]:
        unsigned = "status IN ('NEW', 'HASHED', 'METADATA_EXTRACTED')"
        exact_alone = set(self._tiers) == {"exact"}
        return self._covered(f"{unsigned} AND edge_hash IS NULL" if exact_alone else unsigned)

    def _covered(self, where: str, bindings: Sequence[bytes | str | int] = ()) -> list[FileRow]:
        return [
            row
            for row in files.select(self._db, where, bindings)
            if self._scope.covers(row.root_id, row.path)
        ]

    def _mention_former_failures(self) -> None:
        _, failed_now, _ = self._tally.sums()
        failed = "code IS NOT NULL AND status IN ('BROKEN', 'PROCESSING_ERROR')"
        standing = len(self._covered(failed))
        if standing > failed_now:
            self._tally.note(
                f"{standing - failed_now} files failed in an earlier ingest and were not tried "
                "again; retry_failed=true tries them."
            )

    def snapshot(self) -> IngestAnswer:
        """Return what is known so far."""
        return self._answer("running")

    def progress(self) -> Progress:
        """Return how far the work has come."""
        return self._tally.progress()

    def _answer(self, status: str) -> IngestAnswer:
        processed, failed, remaining = self._tally.sums()
        errors, by_code, notes = self._tally.errors()
        return IngestAnswer.model_validate(
            {
                "status": status,
                "base": self._roots.shown_base,
                "scan": self._tally.scan(),
                "processed": processed,
                "failed": failed,
                "remaining": remaining,
                "rate": self._tally.rate(),
                "route": self._tally.route(),
                "errors": errors,
                "errors_by_code": by_code,
                "notes": notes,
            }
        )
