"""Making a plan, or showing a stored one. Touches no library file."""

import os

from pydantic import JsonValue

from autodedup.engine.errors import DeleteNotAllowedError
from autodedup.engine.library import Library
from autodedup.engine.names import shown
from autodedup.engine.planning import actions, risks
from autodedup.engine.planning.answer import plan_page
from autodedup.engine.planning.choice import Judge, StoredGroup, chosen_groups
from autodedup.engine.report.write import report_of, write_report
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import decisions, generation, plans, results
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
        start = _shown_plan(arguments)
        shown_again = plan_page(db, roots, arguments, start)
        if not arguments.report:
            return shown_again
        return shown_again.model_copy(
            update={"report": _report(db, roots, settings, plans.find(db, start[0]))}
        )
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
        {"asked": _asked_again(db, arguments)},
    )
    report = _report(db, roots, settings, row, library) if arguments.report else None
    answer = plan_page(db, roots, arguments, (row.id, 0))
    return answer.model_copy(update={"remembered": remembered, "report": report})


def _report(
    db: Database,
    roots: Roots,
    settings: Settings,
    row: plans.PlanRow,
    library: Library | None = None,
) -> str:
    """Write the page of a plan and return where it lies, as a client reads it."""
    text = report_of(db, roots, settings, row.id, None if library is None else library.files)
    page = write_report(db.path.parent / "reports", row, text)
    return shown(os.path.relpath(page, roots.base.path))


def _asked_again(db: Database, arguments: PlanArguments) -> dict[str, JsonValue]:
    """Return the arguments that make this plan again, with the result named that it is from."""
    asked = arguments.model_dump(
        mode="json",
        exclude_none=True,
        exclude={"remember", "report", "plan", "limit", "cursor"},
    )
    newest = results.newest(db)
    if arguments.groups is None and arguments.result is None and newest is not None:
        asked["result"] = f"r{newest.id}"
    return asked


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
