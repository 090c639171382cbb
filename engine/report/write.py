"""Writing the page of a plan beside the state database, where a person's browser finds it."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

from autodedup.engine.errors import AutoDedupError, NoSpaceError, PermissionDeniedError
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.names import shown
from autodedup.engine.report.contents import StoredPlan, contents
from autodedup.engine.report.page import page
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import plans
from autodedup.engine.store.database import Database
from autodedup.engine.store.plans import PlanRow


def report_of(
    db: Database,
    roots: Roots,
    settings: Settings,
    number: int,
    files: Mapping[int, LibraryFile] | None = None,
) -> str:
    """Return the page of a stored plan; `files` saves reading the library again.

    Raises:
        PlanNotFoundError: There is no such plan.
    """
    row = plans.find(db, number)
    plan = StoredPlan(row, plans.actions_of(db, number))
    known = Library(db, roots).files if files is None else files
    return page(contents(db, roots, settings, plan, known))


def write_report(folder: Path, row: PlanRow, text: str) -> Path:
    """Write a page and return its path; an older one is replaced.

    Raises:
        NoSpaceError: The disk is full. The plan is stored all the same.
        PermissionDeniedError: The page cannot be written. The plan is stored all the same.
    """
    place = folder / f"{row.name}.html"
    draft = folder / f".{row.name}.html.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(place)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritten(row, place, error) from error
    return place


def _unwritten(row: PlanRow, page: Path, error: OSError) -> AutoDedupError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return (NoSpaceError if full else PermissionDeniedError)(
        f"Plan {row.name} is stored, but its report {shown(os.fspath(page))} cannot be written: "
        f"{error.strerror or type(error).__name__}. No file was touched.",
        hint=f"Show the plan with plan_actions(plan='{row.name}'), or make room for the report "
        "and ask again.",
        details={"plan": row.name, "digest": row.digest},
    )
