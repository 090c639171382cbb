"""Putting back what a plan did, the last step first, and never over what has come since."""

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from autodedup.engine.apply.carry_out import ApplyReport, problem, refuse_while_unfinished
from autodedup.engine.apply.errand import Errand, tidy_above
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.give_contents import give_contents_again
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.relocate import relocate
from autodedup.engine.apply.witness import is_same, look_at
from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.names import shown
from autodedup.engine.store import journal, plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.journal import Entry, Spot
from autodedup.engine.store.plans import ActionRow
from autodedup.schemas.jobs import Progress
from autodedup.schemas.plan import PlanStatus


def undo_plan(
    db: Database,
    roots: Mapping[int, Path],
    plan: int,
    *,
    stop: threading.Event,
    report: Callable[[Progress], None],
) -> ApplyReport:
    """Undo every done action of a plan, the last first; what cannot be undone is named.

    The caller holds the lease on the library. Called again, it tries what is still to be undone.

    Raises:
        ApplyUnfinishedError: A step of an earlier run is open; recover first.
        PlanNotFoundError: There is no plan of this number.
    """
    refuse_while_unfinished(db)
    row = plans.find(db, plan)
    places, made = Places(roots), journal.folders_made(db)
    waiting = _still_to_undo(db, plan)
    if waiting:
        plans.set_status(db, plan, "undoing")
    for count, (action, entry) in enumerate(waiting):
        if stop.is_set():
            break
        kind = action.action.action
        report(Progress(done=count, total=len(waiting), unit="actions", doing=f"undo {kind}"))
        witness = action.action.victim
        errand = Errand(db, places, plan, action.action.n, "undo", kind, witness.file, stop)
        try:
            _attempt(errand, action, entry, made)
        except CancelledError:
            break
    else:
        report(Progress(done=len(waiting), total=len(waiting), unit="actions"))
    return _account(db, plan, row.status, worked=bool(waiting), stopped=stop.is_set())


def _still_to_undo(db: Database, plan: int) -> list[tuple[ActionRow, Entry | None]]:
    """Return the done actions with the step that did each, in reverse order of doing."""
    steps: dict[int, Entry] = {}
    for entry in journal.entries_of(db, plan):
        if entry.direction == "apply" and entry.outcome == "done":
            steps[entry.n] = entry
    rows = [row for row in plans.actions_of(db, plan) if row.state == "done"]
    pairs = [(row, steps.get(row.action.n)) for row in rows]
    return sorted(pairs, key=lambda pair: pair[1].id if pair[1] else 0, reverse=True)


def _attempt(errand: Errand, row: ActionRow, entry: Entry | None, made: frozenset[Spot]) -> None:
    """Undo one action and record why, if it cannot be; what is undone records itself."""
    try:
        if entry is None or row.action.action == "reflink":
            # Nothing was moved. A clone is a file of its own with the old name, bytes, times and
            # attributes: it differs from the copy it replaced only in where its blocks lie.
            with errand.db.atomic() as connection:
                plans.set_action(connection, errand.plan, errand.n, "undone")
        else:
            _put_back(errand, entry, made)
    except (FileError, OSError) as error:
        # Only looking raises OSError bare: every step ends its own entry in the journal.
        doing = f"{shown(row.action.victim.path)} cannot be looked at"
        told = error if isinstance(error, FileError) else refused(error, doing=doing)
        with errand.db.atomic() as connection:
            plans.set_action(
                connection,
                errand.plan,
                errand.n,
                "done",
                code=told.code,
                detail=shown(told.detail, longest=1000),
                freed=row.freed,
            )


def _put_back(errand: Errand, entry: Entry, made: frozenset[Spot]) -> None:
    intent, done = entry.intent, entry.report
    if intent.operation == "remove":
        detail = f"{shown(intent.source.path)} was deleted for good; nothing brings it back."
        raise FileError("FILE_VANISHED", detail)
    if intent.operation == "swap":
        give_contents_again(errand, entry)
        return
    if done is None or done.lies is None or done.landed is None:
        raise ValueError("a finished move says where its file lies")
    found = errand.places.look(done.lies)
    if found is not None and not is_same(found, done.landed):
        detail = f"{shown(done.lies.path)} is not the file that was put there. It was left alone."
        raise FileError("FILE_CHANGED", detail)
    with look_at(errand.places, done.lies, None) as file:
        relocate(errand, file, intent.source, exact_name=True)
    tidy_above(errand.places, done.lies, made)


def _account(
    db: Database, plan: int, before: PlanStatus, *, worked: bool, stopped: bool
) -> ApplyReport:
    rows = plans.actions_of(db, plan)
    left = [row for row in rows if row.state == "done"]
    if worked or before == "undoing":
        plans.set_status(db, plan, "partial" if left else "undone")
    untried = any(row.code is None for row in left)
    return ApplyReport(
        status="cancelled" if stopped and untried else ("partial" if left else "undone"),
        done=sum(row.state == "undone" for row in rows),
        skipped=0,
        failed=len(left),
        bytes_freed=0,
        items=tuple(
            problem(row.action, row.code, row.detail) for row in left if row.code is not None
        ),
    )
