"""Stored groups as a client receives them: a page at a time, under a budget of bytes."""

from collections import Counter
from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from autodedup.engine.errors import CursorExpiredError
from autodedup.engine.finding.basis import question_of
from autodedup.engine.library import LibraryFile
from autodedup.engine.paging import (
    DEFAULT_BYTES,
    LARGEST_BYTES,
    fitting,
    read_cursor,
    weight,
    write_cursor,
)
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, generation, results
from autodedup.engine.store.database import Database
from autodedup.schemas.find_duplicates import FileField, FindAnswer, FindArguments, Group, GroupFile
from autodedup.schemas.vocabulary import ACTING_KINDS

SHOWN_FILES = 12  # of one group in a default answer; totals and plans count them all
MOST_SHOWN_FILES = results.HEAD_FILES  # of one group, for a client that asked for a page size


def totals_of(
    groups: Sequence[Group], redundant_files: int, coverage: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """Return the sums that every page of a result carries."""
    kinds = Counter(group.kind for group in groups)
    acting = [group for group in groups if group.kind in ACTING_KINDS]
    return {
        "totals": {
            "groups": len(groups),
            "redundant_files": redundant_files,
            "reclaimable_bytes": sum(group.reclaimable_bytes for group in acting),
        },
        "by_kind": {str(kind): count for kind, count in kinds.items()},
        "coverage": coverage,
    }


def coverage_of(covered: Iterable[LibraryFile]) -> dict[str, JsonValue]:
    """Return how many files were compared, and how many could not be."""
    states = Counter(_comparability(file) for file in covered)
    return {
        "files": states.total(),
        "compared": states["compared"],
        "not_comparable": states["not_comparable"],
        "not_ingested": states["not_ingested"],
    }


def _comparability(file: LibraryFile) -> str:
    if file.signature is not None:
        return "compared"
    return "not_comparable" if file.row.code is not None else "not_ingested"


def stored_page(
    db: Database, roots: Roots, settings: Settings, arguments: FindArguments
) -> FindAnswer | None:
    """Return a page of a stored result: the cursor's, or of the same question in the same state.

    Raises:
        CursorExpiredError: The cursor's result is no longer stored.
    """
    if arguments.job is not None:
        return None
    if arguments.cursor is not None:
        number, place = read_cursor(arguments.cursor, "r")
        return page_from(db, roots, arguments, number, place)
    if files.count(db) == 0:
        return None
    with db.read() as connection:
        now = generation.current(connection)
    found = results.find(db, question_of(settings, arguments, roots), now)
    return None if found is None else page_from(db, roots, arguments, found.id, 0)


def page_from(
    db: Database, roots: Roots, arguments: FindArguments, number: int, place: int
) -> FindAnswer:
    """Return the groups of a stored result from a place in it on, as many as a page holds.

    Raises:
        CursorExpiredError: The result is no longer stored.
    """
    row = results.get(db, number)
    if row is None:
        raise CursorExpiredError("The result this cursor belongs to is no longer stored.")
    asked = "limit" in arguments.model_fields_set
    most = MOST_SHOWN_FILES if asked else SHOWN_FILES
    budget = LARGEST_BYTES if asked else DEFAULT_BYTES
    wanted = [
        _trimmed(group, arguments.fields, most, budget)
        for group in results.heads(db, number, place, arguments.limit)
    ]
    count = fitting([weight(group.wire()) for group in wanted], budget)
    after = place + count
    more = after < row.groups
    return FindAnswer.model_validate(
        {
            "status": "complete",
            "base": roots.shown_base,
            "result": f"r{number}",
            **row.summary,
            "groups": wanted[:count],
            "truncated": f"groups {place + 1}-{after} of {row.groups}" if more else None,
            "next_cursor": write_cursor(f"r{number}", after) if more else None,
        }
    )


def _trimmed(group: Group, fields: Sequence[FileField] | None, most: int, budget: int) -> Group:
    """Return a group with as many of its files as a page may show: one at least, the keeper."""
    shown_files = group.files[:most]
    if fields is not None:
        keep: set[str] = {"id", *fields}
        shown_files = tuple(
            GroupFile.model_validate(file.model_dump(include=keep, exclude_none=True))
            for file in shown_files
        )
    room = budget - weight(group.model_copy(update={"files": ()}).wire())
    fit = fitting([weight(file.wire()) for file in shown_files], room)
    total = group.files_total or len(group.files)
    return group.model_copy(
        update={"files": shown_files[:fit], "files_total": total if total > fit else None}
    )
