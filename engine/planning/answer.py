"""A stored plan as a reviewer reads it: sums over everything, actions a page at a time."""

from autodedup.engine.paging import DEFAULT_BYTES, LARGEST_BYTES, fitting, weight, write_cursor
from autodedup.engine.roots import Roots
from autodedup.engine.store import plans
from autodedup.engine.store.database import Database
from autodedup.schemas.plan import Action, Risk
from autodedup.schemas.plan_actions import ActionTotal, PlanAnswer, PlanArguments, PlannedAction

SHOWN_RISK_FILES = 20  # of one risk; the plan keeps them all


def plan_page(
    db: Database, roots: Roots, arguments: PlanArguments, start: tuple[int, int]
) -> PlanAnswer:
    """Return a page of a plan. `start` is the plan's number and the last action shown before.

    Raises:
        PlanNotFoundError: There is no such plan.
    """
    number, after = start
    row = plans.find(db, number)
    sums, freed = row.sums, row.freed
    if sums is None:  # a plan of an older version
        sums, freed = plans.sums_of([item.action for item in plans.actions_of(db, number)])
    found = plans.actions_of(db, number, after=after, limit=arguments.limit)
    page = [_told(item.action, roots) for item in found]
    budget = LARGEST_BYTES if "limit" in arguments.model_fields_set else DEFAULT_BYTES
    page = page[: fitting([weight(action.wire()) for action in page], budget)]
    last = page[-1].n if page else after
    return PlanAnswer(
        plan=row.name,
        digest=row.digest,
        status=row.status,
        base=roots.shown_base,
        summary={kind: ActionTotal(files=n, bytes=size) for kind, (n, size) in sums.items()},
        bytes_freed=freed,
        risks=tuple(_told_risk(risk) for risk in row.risks),
        actions=tuple(page),
        actions_total=row.actions,
        next_cursor=write_cursor(row.name, last) if last < row.actions else None,
    )


def _told(action: Action, roots: Roots) -> PlannedAction:
    return PlannedAction(
        n=action.n,
        action=action.action,
        file=action.victim.file,
        path=roots.shown(action.victim.root, action.victim.path),
        to=None if action.to is None else roots.shown(action.victim.root, action.to),
        keep=None if action.keeper is None else action.keeper.file,
        because=action.because,
    )


def _told_risk(risk: Risk) -> Risk:
    return risk.model_copy(update={"files": risk.files[:SHOWN_RISK_FILES]})
