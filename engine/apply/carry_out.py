"""Carrying out a plan: every action that is still to be done, and an account of all of them."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from autodedup.engine.apply.errand import Errand
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.steps import take_step
from autodedup.engine.apply.witness import spot_of
from autodedup.engine.errors import (
    ApplyUnfinishedError,
    CancelledError,
    DeleteNotAllowedError,
    DigestMismatchError,
    FileError,
    PlanStaleError,
)
from autodedup.engine.names import shown
from autodedup.engine.store import journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.journal import Spot
from autodedup.engine.store.plans import ActionState, Mark
from autodedup.schemas.apply_plan import ItemProblem
from autodedup.schemas.errors import FileCode
from autodedup.schemas.jobs import Progress
from autodedup.schemas.plan import Action, Plan, PlanStatus

# The disk or its owner refused: the file is as it was, so the same call may try again. Any
# other problem means that the file is not what was reviewed, and it is left alone for good.
_REFUSALS: frozenset[FileCode] = frozenset(
    {"NO_SPACE", "PERMISSION_DENIED", "CROSS_DEVICE", "LINK_UNSUPPORTED", "NAME_TAKEN"}
)
WRITTEN_AT_ONCE = 500  # actions that were left alone
WRITTEN_EVERY_S = 1.0
_TO_DO: frozenset[ActionState] = frozenset({"planned", "failed"})


@dataclass(frozen=True, slots=True)
class ApplyReport:
    """What became of every action of a plan; `items` are those not done, in the plan's order."""

    status: Literal["applied", "partial", "cancelled", "undone"]
    done: int
    skipped: int
    failed: int
    bytes_freed: int
    items: tuple[ItemProblem, ...]


def apply_plan(
    db: Database,
    roots: Mapping[int, Path],
    plan: Plan,
    *,
    allow_delete: bool,
    on_error: Literal["continue", "stop"],
    stop: threading.Event,
    report: Callable[[Progress], None],
    protected: Callable[[int, str], bool] = lambda _root, _path: False,
) -> ApplyReport:
    """Do what is still to be done of a stored plan; done again, it gives the same answer.

    The caller holds the lease on the library. Removals come before survivors are moved, because
    a removal looks at its keeper where the plan saw it.

    Raises:
        ApplyUnfinishedError: A step of an earlier run is open; recover first.
        DigestMismatchError: The plan is not the stored one.
        DeleteNotAllowedError: It deletes, and that is not allowed; nothing was done.
        PlanStaleError: It has been undone.
    """
    number = int(plan.id[1:])
    _confirm_may_start(db, plan, number, allow_delete=allow_delete)
    waiting = _still_to_do(plan, plans.marks_of(db, number))
    if waiting:
        plans.set_status(db, number, "applying")
    places, pointed_at = Places(roots), _pointed_at(db, plan)
    with _LeftAlone(db, number) as left_alone:
        for count, action in enumerate(waiting):
            if stop.is_set():
                break
            report(Progress(done=count, total=len(waiting), unit="actions", doing=action.action))
            errand = Errand(
                db, places, number, action.n, "apply", action.action, action.victim.file, stop
            )
            try:
                _confirm_may_be_touched(action, protected, pointed_at)
                take_step(errand, action)
            except FileError as error:
                left_alone.add(action.n, error)
                if on_error == "stop":
                    break
            except CancelledError:
                break
        else:
            report(Progress(done=len(waiting), total=len(waiting), unit="actions"))
    return _account(db, plan, number, stopped=stop.is_set(), changed=bool(waiting))


class _LeftAlone:
    """Writes down which actions were not done, many at once.

    Nothing happened to their files, so no promise is broken where a crash comes first: the next
    run looks at them again.
    """

    def __init__(self, db: Database, plan: int) -> None:
        self._db, self._plan = db, plan
        self._waiting: list[tuple[int, FileError]] = []
        self._since = time.monotonic()

    def __enter__(self) -> Self:
        """Return the list; what is on it is written when the block ends, however it ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write down the rest."""
        self._write()

    def add(self, n: int, error: FileError) -> None:
        """Take note of one, and write all down where they are many or it has been a while."""
        self._waiting.append((n, error))
        late = time.monotonic() - self._since > WRITTEN_EVERY_S
        if late or len(self._waiting) >= WRITTEN_AT_ONCE:
            self._write()

    def _write(self) -> None:
        with self._db.atomic() as connection:
            for n, error in self._waiting:
                state: ActionState = "failed" if error.code in _REFUSALS else "skipped"
                detail = shown(error.detail, longest=1000)
                plans.set_action(connection, self._plan, n, state, code=error.code, detail=detail)
        self._waiting.clear()
        self._since = time.monotonic()


def refuse_while_unfinished(db: Database) -> None:
    """Stop while a step is open: what the disk shows has to be settled first.

    Raises:
        ApplyUnfinishedError: There is such a step.
    """
    entries = journal.open_entries(db)
    if entries:
        source = shown(entries[0].intent.source.path)
        raise ApplyUnfinishedError(
            f"{len(entries)} step(s) of an interrupted run are open, the latest on {source}; "
            "nothing new was started.",
            details={"plan": f"p{entries[0].plan}", "open": len(entries)},
        )


def _confirm_may_start(db: Database, plan: Plan, number: int, *, allow_delete: bool) -> None:
    refuse_while_unfinished(db)
    row = plans.find(db, number)
    if row.digest != plan.digest:
        raise DigestMismatchError(f"{plan.id} is not what was stored; nothing was done.")
    if row.status in {"undoing", "undone"}:
        raise PlanStaleError(f"{plan.id} has been, or is being, undone; nothing was done.")
    if not allow_delete and any(action.action == "delete" for action in plan.actions):
        raise DeleteNotAllowedError(f"{plan.id} deletes files for good; nothing was done.")


def _still_to_do(plan: Plan, marks: Sequence[Mark]) -> list[Action]:
    left = {mark.n for mark in marks if mark.state in _TO_DO}
    actions = [action for action in plan.actions if action.n in left]
    return sorted(actions, key=lambda action: (action.action == "organize", action.n))


def _pointed_at(db: Database, plan: Plan) -> frozenset[Spot]:
    """Return the files that symbolic links of ours lead to, or will after this plan."""
    standing = journal.standing_entries(db, "symlink", before=float("inf"))
    made = {entry.intent.other for entry in standing if entry.intent.other is not None}
    planned = {
        spot_of(action.keeper)
        for action in plan.actions
        if action.action == "symlink" and action.keeper is not None
    }
    return frozenset(made | planned)


def _confirm_may_be_touched(
    action: Action, protected: Callable[[int, str], bool], pointed_at: frozenset[Spot]
) -> None:
    victim = action.victim
    if action.action == "keep":
        return
    if protected(victim.root, victim.path):
        raise FileError("PROTECTED", f"{shown(victim.path)} is protected; it was left alone.")
    if spot_of(victim) in pointed_at:
        raise FileError(
            "PROTECTED",
            f"Symbolic links that AutoDedup made lead to {shown(victim.path)} and would lead "
            "nowhere; it was left alone. Undo the plan that made them first.",
        )


def _account(db: Database, plan: Plan, number: int, *, stopped: bool, changed: bool) -> ApplyReport:
    sums = plans.sums_so_far(db, number)
    whole = set(sums.states) <= {"done"}
    left = sums.count("planned") > 0
    if changed:
        status: PlanStatus = "applied" if whole else "partial"
        plans.set_status(db, number, status)
    action_of = {action.n: action for action in plan.actions}
    return ApplyReport(
        status="applied" if whole else ("cancelled" if left and stopped else "partial"),
        done=sums.count("done"),
        skipped=sums.count("skipped"),
        failed=sums.count("failed"),
        bytes_freed=sums.freed,
        items=tuple(
            problem(action_of[mark.n], mark.code, mark.detail)
            for mark in plans.marks_of(db, number)
            if mark.state in {"skipped", "failed"}
        ),
    )


def problem(action: Action, code: FileCode | None, detail: str | None) -> ItemProblem:
    """Return an action that was not done as a client is told of it."""
    return ItemProblem(
        n=action.n,
        action=action.action,
        file=action.victim.file,
        path=shown(action.victim.path),
        code=code or "FILE_CHANGED",
        detail=detail or "",
    )
