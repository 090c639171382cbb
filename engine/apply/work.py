"""Apply and undo as jobs: who may, under which lease, and what the caller is told."""

import threading
from typing import Literal

from autodedup.engine.apply.carry_out import ApplyReport, apply_plan
from autodedup.engine.apply.turn import turn
from autodedup.engine.apply.undo import undo_plan
from autodedup.engine.errors import (
    ApprovalRequiredError,
    DeleteNotAllowedError,
    DigestMismatchError,
    PlanStaleError,
    ReadOnlyError,
)
from autodedup.engine.pace import Pace
from autodedup.engine.paging import ERRORS_BYTES, fitting, weight
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.plans import PlanRow
from autodedup.schemas.apply_plan import (
    ApplyAnswer,
    ApplyArguments,
    ItemProblem,
    UndoArguments,
)
from autodedup.schemas.errors import FileCode
from autodedup.schemas.jobs import Progress
from autodedup.schemas.plan import Plan

SHOWN_ITEMS = 20
Status = Literal["applied", "running", "partial", "cancelled", "undone"]

# The library is not what the plan saw: if that is so of every action, the plan is of no use.
_STALE: frozenset[FileCode] = frozenset(
    {"FILE_CHANGED", "FILE_VANISHED", "KEEPER_CHANGED", "KEEPER_VANISHED"}
)


class _Telling:
    """What is known of a run while it goes on, for any thread that asks."""

    def __init__(self, db: Database, roots: Roots, plan: PlanRow) -> None:
        self.db, self.roots, self.plan = db, roots, plan
        self.begun = threading.Event()
        self._progress = Progress(done=0, total=plan.actions, unit="actions")
        self._pace = Pace()

    def report(self, progress: Progress) -> None:
        """Take note of how far the run has come."""
        self._progress = progress

    def progress(self) -> Progress:
        """Return how far the run has come."""
        return self._pace.of(self._progress)

    def snapshot(self) -> ApplyAnswer:
        """Return the state of every action so far."""
        sums = plans.sums_so_far(self.db, self.plan.id)
        return ApplyAnswer(
            status="running",
            plan=self.plan.name,
            base=self.roots.shown_base,
            done=sums.count("done"),
            skipped=sums.count("skipped"),
            failed=sums.count("failed"),
            bytes_freed=sums.freed,
        )

    def told(self, report: ApplyReport) -> ApplyAnswer:
        """Return what became of every action."""
        first = [self._located(item) for item in report.items[:SHOWN_ITEMS]]
        fit = fitting([weight(item.wire()) for item in first], ERRORS_BYTES)
        can_undo = report.done > 0 and report.status != "undone"
        return ApplyAnswer(
            status=report.status,
            plan=self.plan.name,
            base=self.roots.shown_base,
            done=report.done,
            skipped=report.skipped,
            failed=report.failed,
            bytes_freed=report.bytes_freed,
            items=tuple(first[:fit]),
            items_total=len(report.items),
            undo=self.plan.name if can_undo else None,
        )

    def _located(self, item: ItemProblem) -> ItemProblem:
        """Return the item with its path as it is told everywhere: relative to the base."""
        (row,) = plans.actions_of(self.db, self.plan.id, after=item.n - 1, limit=1)
        victim = row.action.victim
        return item.model_copy(update={"path": self.roots.shown(victim.root, victim.path)})

    def confirm_roots(self, plan: Plan) -> None:
        """Stop before the first step if a root of the plan is not one of this server's.

        Raises:
            PathNotFoundError: A file of the plan lies under a root that was not given.
        """
        for action in plan.actions:
            self.roots.by_id(action.victim.root)
            if action.keeper is not None:
                self.roots.by_id(action.keeper.root)


class ApplyRun(_Telling):
    """Carrying out one reviewed plan; a `Work` for `engine.jobs`."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, arguments: ApplyArguments
    ) -> None:
        plan = _named(db, arguments.plan)
        super().__init__(db, roots, plan)
        self._settings, self._arguments = settings, arguments
        _refuse(plan, settings, arguments.digest, db)

    def run(self, stop: threading.Event) -> ApplyAnswer:
        """Do what is still to be done of the plan.

        Raises:
            DatabaseLockedError: Another ingest or apply is at work.
            PlanStaleError: Not one action found its files as they were.
        """
        plan = plans.load(self.db, self.plan.id)
        self.confirm_roots(plan)
        with turn(self.db, self.roots, "apply", stop):
            self.begun.set()
            report = apply_plan(
                self.db,
                {root.id: root.path for root in self.roots.all},
                plan,
                allow_delete=self._settings.allow_delete,
                on_error=self._arguments.on_error,
                stop=stop,
                report=self.report,
                protected=self.roots.is_protected,
            )
        acting = [action for action in plan.actions if action.action != "keep"]
        stale = [item for item in report.items if item.code in _STALE]
        if acting and len(stale) == len(acting):
            raise PlanStaleError(
                f"None of the {len(acting)} actions of {plan.id} found its files as the plan saw "
                f"them; nothing was done. First: {stale[0].path}: {stale[0].detail}",
                details={"plan": plan.id, "actions": len(acting)},
            )
        return self.told(report)


class UndoRun(_Telling):
    """Putting back what one plan moved; a `Work` for `engine.jobs`."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, arguments: UndoArguments
    ) -> None:
        _refuse_read_only(settings)
        super().__init__(db, roots, _named(db, arguments.plan))

    def run(self, stop: threading.Event) -> ApplyAnswer:
        """Undo what is still to be undone of the plan.

        Raises:
            DatabaseLockedError: Another ingest or apply is at work.
        """
        self.confirm_roots(plans.load(self.db, self.plan.id))
        with turn(self.db, self.roots, "undo", stop):
            self.begun.set()
            report = undo_plan(
                self.db,
                {root.id: root.path for root in self.roots.all},
                self.plan.id,
                stop=stop,
                report=self.report,
            )
        return self.told(report)


def _named(db: Database, plan: str | None) -> PlanRow:
    # The schema lets `plan` be absent only beside `job`, and a job was stored with its plan.
    return plans.find(db, int((plan or "p0")[1:]))


def _refuse(plan: PlanRow, settings: Settings, digest: str | None, db: Database) -> None:
    _refuse_read_only(settings)
    if digest != plan.digest:
        raise DigestMismatchError(
            f"The digest is not that of {plan.name}; nothing was done.",
            details={"plan": plan.name},
        )
    deletes = any(row.action.action == "delete" for row in plans.actions_of(db, plan.id))
    if deletes and not settings.allow_delete:
        raise DeleteNotAllowedError(f"{plan.name} deletes files for good; nothing was done.")
    if settings.require_approval and not plan.approved:
        raise ApprovalRequiredError(
            f"A person must approve {plan.name} first; nothing was done.",
            hint=f"Ask the user to run in a terminal: autodedup approve {plan.name} "
            "with the server's --root, then call apply_plan again.",
            details={"plan": plan.name, "digest": plan.digest},
        )


def _refuse_read_only(settings: Settings) -> None:
    if settings.read_only:
        raise ReadOnlyError("The server runs with --read-only; nothing was done.")
