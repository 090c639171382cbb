"""A stored plan as a reviewer reads it: sums over everything, actions a page at a time."""

from collections import defaultdict

from autodedup.engine.paging import DEFAULT_BYTES, LARGEST_BYTES, fitting, weight, write_cursor
from autodedup.engine.roots import Roots
from autodedup.engine.store import plans
from autodedup.engine.store.database import Database
from autodedup.schemas.plan import Action, Risk
from autodedup.schemas.plan_actions import ActionTotal, PlanAnswer, PlanArguments, PlannedAction
from autodedup.schemas.vocabulary import ActionKind

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
    everything = [item.action for item in plans.actions_of(db, number)]
    page = [_told(action, roots) for action in everything if action.n > after][: arguments.limit]
    budget = LARGEST_BYTES if "limit" in arguments.model_fields_set else DEFAULT_BYTES
    page = page[: fitting([weight(action.wire()) for action in page], budget)]
    last = page[-1].n if page else after
    return PlanAnswer(
        plan=row.name,
        digest=row.digest,
        status=row.status,
        base=roots.shown_base,
        summary=_summary(everything),
        bytes_freed=sum(action.frees for action in everything),
        risks=tuple(_told_risk(risk) for risk in row.risks),
        actions=tuple(page),
        actions_total=row.actions,
        next_cursor=write_cursor(row.name, last) if last < row.actions else None,
    )


def _summary(actions: list[Action]) -> dict[ActionKind, ActionTotal]:
    sizes: dict[ActionKind, list[int]] = defaultdict(list)
    for action in actions:
        sizes[action.action].append(action.victim.size)
    return {kind: ActionTotal(files=len(found), bytes=sum(found)) for kind, found in sizes.items()}


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
