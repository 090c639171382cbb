"""Making a plan, or showing a stored one. Touches no library file."""

import os

from autodedup.engine.errors import DeleteNotAllowedError
from autodedup.engine.library import Library
from autodedup.engine.names import shown
from autodedup.engine.planning import actions, risks
from autodedup.engine.planning.answer import plan_page
from autodedup.engine.planning.choice import Judge, StoredGroup, chosen_groups
from autodedup.engine.planning.report import write_report
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import decisions, generation, plans
from autodedup.engine.store.database import Database
from autodedup.schemas.plan_actions import PlanAnswer, PlanArguments, Policy


def plan_actions(
    db: Database, roots: Roots, settings: Settings, arguments: PlanArguments
) -> PlanAnswer:
    """Make a plan from groups, or show a page of a stored one.

    Raises:
        PlanNotFoundError: The plan to show is not stored.
        CursorExpiredError: The cursor belongs to no plan.
        DeleteNotAllowedError: The policy deletes, and the operator has not allowed it.
        AutoDedupError: An argument names what is not there; see `planning.choice`.
    """
    if arguments.plan is not None or arguments.cursor is not None:
        return plan_page(db, roots, arguments, _shown_plan(arguments))
    policy = arguments.policy or Policy()
    if not settings.allow_delete and "delete" in policy.model_dump().values():
        raise DeleteNotAllowedError("The policy asks to delete for good; no plan was made.")
    library = Library(db, roots)
    groups = chosen_groups(db, arguments)
    judged = Judge(db, library, arguments).judged(groups)
    remembered = _remember(db, library, groups, arguments) if arguments.remember else None
    drafts = [*actions.of_groups(judged, policy)]
    excluded = library.under(arguments.exclude or ()) | library.under(arguments.protect or ())
    others = [file for number, file in library.files.items() if number not in excluded]
    # What stands in a group is decided there: a keeper stays put although it cannot be read.
    grouped = {file.row.id for group in judged for file in group.files}
    broken = [f for f in others if f.row.status == "BROKEN" and f.row.id not in grouped]
    drafts += actions.of_broken(broken, policy)
    leaving = frozenset(draft.victim.row.id for draft in drafts if draft.action != "keep")
    drafts += actions.of_survivors(others, policy, leaving)
    row = plans.save(
        db,
        actions.numbered(drafts),
        risks.of_plan(judged, drafts, decisions.departed(db)),
    )
    report = None
    if arguments.report:
        made = [item.action for item in plans.actions_of(db, row.id)]
        page = write_report(db.path.parent / "reports", row, made, library.files)
        report = shown(os.path.relpath(page, roots.base.path))
    answer = plan_page(db, roots, arguments, (row.id, 0))
    return answer.model_copy(update={"remembered": remembered, "report": report})


def _shown_plan(arguments: PlanArguments) -> tuple[int, int]:
    from autodedup.engine.paging import read_cursor

    if arguments.cursor is not None:
        return read_cursor(arguments.cursor, "p")
    return int((arguments.plan or "p0")[1:]), 0


def _remember(
    db: Database, library: Library, groups: list[StoredGroup], arguments: PlanArguments
) -> int:
    """Record that excluded files do not belong to their groups; return how many pairs."""
    excluded = library.under(arguments.exclude or ())
    pairs: set[decisions.ContentPair] = set()
    for group, _ in groups:
        rows = {
            number: library.files[number].row
            for number in (int(file.id[1:]) for file in group.files)
            if number in library.files
        }
        # By content: a folder full of copies of one film is one content, however many its files.
        apart = {decisions.content_key(row): row for n, row in rows.items() if n in excluded}
        rest = {decisions.content_key(row): row for row in rows.values()}
        pairs |= {decisions.pair(one, other) for one in apart.values() for other in rest.values()}
    with db.atomic() as connection:
        made = decisions.remember_pairs(connection, pairs)
        generation.advance(connection)
    return made
