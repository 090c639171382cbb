"""The one door to the engine: what the tools may ask for, with everything opened lazily.

A server is started anew for every conversation, so nothing heavy is imported and no file opened
before the first call that needs it.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from autodedup.engine.caller import Caller
from autodedup.engine.settings import Settings
from autodedup.schemas.apply_plan import ApplyAnswer, ApplyArguments, UndoArguments
from autodedup.schemas.compare import CompareArguments
from autodedup.schemas.find_duplicates import FindAnswer, FindArguments
from autodedup.schemas.ingest import IngestAnswer, IngestArguments
from autodedup.schemas.jobs import JobAnswer, JobArguments
from autodedup.schemas.plan_actions import PlanAnswer, PlanArguments
from autodedup.schemas.preflight import PreflightAnswer, PreflightArguments

if TYPE_CHECKING:
    from autodedup.engine.apply.purge import Candidate, PurgeReport
    from autodedup.engine.comparing.telling import Compared
    from autodedup.engine.jobs import Jobs, Work
    from autodedup.engine.roots import Roots
    from autodedup.engine.store.database import Database

Arguments = TypeVar("Arguments", bound=JobArguments)
AnswerOf = TypeVar("AnswerOf", bound=JobAnswer)


class Workbench:
    """A library and its state, opened when first needed and closed once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.RLock()
        self._opened: tuple[Database, Roots] | None = None
        self._jobs: Jobs | None = None

    @property
    def db_path(self) -> Path:
        """Return where the state database is, or would be.

        Raises:
            NoRootsError: The server was started without a library folder.
        """
        from autodedup.engine.managed import STATE
        from autodedup.engine.roots import canonical_roots

        first = canonical_roots(self.settings.root)[0]
        return self.settings.db or first / STATE / "state.db"

    def preflight(self, arguments: PreflightArguments) -> PreflightAnswer:
        """Say whether the job can be done here."""
        from autodedup.engine.preflight.run import preflight

        return preflight(self.settings, self.db_path, arguments)

    def ingest(self, arguments: IngestArguments, caller: Caller) -> IngestAnswer:
        """Bring the state up to date with the disk, or follow that work."""
        from autodedup.engine.ingest.run import IngestRun

        return self._job("ingest", IngestAnswer, IngestRun, arguments, caller)

    def find_duplicates(self, arguments: FindArguments, caller: Caller) -> FindAnswer:
        """Find groups of duplicates, or turn a page of those found."""
        from autodedup.engine.finding.answer import stored_page
        from autodedup.engine.finding.run import FindRun

        page = stored_page(*self._open(), self.settings, arguments)
        if page is not None:
            return page
        return self._job("find_duplicates", FindAnswer, FindRun, arguments, caller)

    def compare(self, arguments: CompareArguments, caller: Caller) -> "Compared":
        """Look at a pair or a group in full, with a contact sheet."""
        from autodedup.engine.comparing.run import compare

        return compare(*self._open(), self.settings, arguments, caller)

    def report(self, plan: str) -> str:
        """Return the page of a plan for a person; writes nothing.

        Raises:
            PlanNotFoundError: There is no such plan.
        """
        from autodedup.engine.report.write import report_of

        return report_of(*self._open(), self.settings, int(plan[1:]))

    def plan_actions(self, arguments: PlanArguments) -> PlanAnswer:
        """Make a plan to review, or show a stored one."""
        from autodedup.engine.planning.run import plan_actions

        return plan_actions(*self._open(), self.settings, arguments)

    def apply_plan(self, arguments: ApplyArguments, caller: Caller) -> ApplyAnswer:
        """Carry out a reviewed plan, or follow that work."""
        from autodedup.engine.apply.work import ApplyRun

        return self._job("apply_plan", ApplyAnswer, ApplyRun, arguments, caller)

    def undo_plan(self, arguments: UndoArguments, caller: Caller) -> ApplyAnswer:
        """Put back what a plan moved, or follow that work."""
        from autodedup.engine.apply.work import UndoRun

        return self._job("undo_plan", ApplyAnswer, UndoRun, arguments, caller)

    def approve(self, plan: str, digest: str) -> None:
        """Record that a person agreed to exactly the plan of this digest.

        Raises:
            PlanNotFoundError: There is no such plan.
            DigestMismatchError: The plan is not what the person was shown.
        """
        from autodedup.engine.store import plans

        plans.approve(self._open()[0], int(plan[1:]), digest)

    def trash(self, *, older_than_days: float) -> "tuple[Candidate, ...]":
        """Return what plans put into the trash longer ago than this; touches nothing."""
        from autodedup.engine.apply.purge import candidates

        return candidates(self._open()[0], older_than_days=older_than_days)

    def purge(self, chosen: "Sequence[Candidate]") -> "PurgeReport":
        """Remove files from the trash for good: a person's act, never a tool's.

        Raises:
            ReadOnlyError: The workbench may not write.
            DatabaseLockedError: An ingest or apply is at work.
        """
        from autodedup.engine.apply.purge import purge
        from autodedup.engine.apply.turn import turn
        from autodedup.engine.errors import ReadOnlyError

        if self.settings.read_only:
            raise ReadOnlyError("--read-only forbids it; nothing was removed.")
        db, roots = self._open()
        stop = threading.Event()
        with turn(db, roots, "purge", stop):
            return purge(db, {root.id: root.path for root in roots.all}, chosen, stop=stop)

    def import_signatures(
        self, lines: Iterable[bytes], stop: threading.Event
    ) -> tuple[IngestAnswer, Mapping[str, int]]:
        """Take in signatures made elsewhere: a person's act. Return what became of the lines.

        Raises:
            ReadOnlyError: The workbench may not write.
            DatabaseLockedError: An ingest or apply is at work.
            PathNotFoundError: A root cannot be read.
        """
        from autodedup.engine.errors import ReadOnlyError
        from autodedup.engine.portable.importing import ImportRun

        if self.settings.read_only:
            raise ReadOnlyError("--read-only forbids it; nothing was imported.")
        run = ImportRun(*self._open(), self.settings, lines)
        return run.run(stop), run.counts

    def close(self) -> None:
        """Stop background work at its next safe point and let go of the database."""
        with self._lock:
            if self._jobs is not None:
                self._jobs.stop_all()
            self._opened = None

    def _open(self) -> "tuple[Database, Roots]":
        """Open the state, once.

        Raises:
            NoRootsError: There is no root.
            PathNotFoundError: A root does not exist.
            DatabaseLockedError: The database stayed locked.
            DatabaseDamagedError: The database cannot be trusted.
            DatabaseTooNewError: A newer version wrote the database.
            ReadOnlyError: The database cannot be created or written.
        """
        with self._lock:
            if self._opened is None:
                from autodedup.engine.opening import open_library

                self._opened = open_library(self.settings, self.db_path)
            return self._opened

    def _job(
        self,
        tool: str,
        answer: type[AnswerOf],
        work: "Callable[[Database, Roots, Settings, Arguments], Work[AnswerOf]]",
        arguments: Arguments,
        caller: Caller,
    ) -> AnswerOf:
        """Do long work as a job of this tool, or follow one under way."""
        from autodedup.engine.jobs import JobKind, Jobs

        db, roots = self._open()
        with self._lock:
            if self._jobs is None:
                self._jobs = Jobs(lambda: self._open()[0])
            jobs = self._jobs
        kind = JobKind(
            tool, type(arguments), answer, lambda asked: work(db, roots, self.settings, asked)
        )
        return jobs.call(kind, arguments, caller=caller)
