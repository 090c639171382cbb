"""`autodedup purge`: a person empties the trash of what has lain there long enough."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from autodedup.engine.errors import CancelledError, InvalidArgumentError
from autodedup.schemas.person import LeftInTrash, PurgeAnswer
from autodedup.server.amounts import counted, files
from autodedup.server.console.errand import Errand, command_line, run
from autodedup.server.wire import Envelope, success

if TYPE_CHECKING:
    from autodedup.engine.apply.purge import Candidate

LISTED = 40  # lines; the sums speak of everything
YES = frozenset({"yes"})  # the whole word: what goes here does not come back
_AGE = re.compile(r"(\d{1,5})\s*(d|w|m|y)?")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def main(argv: Sequence[str]) -> int:
    """List what would go, ask, and remove it for good."""
    parser = command_line(
        "purge",
        "Remove for good what apply put into the trash long enough ago. Lists it and asks first.",
        "--older-than AGE",
    )
    parser.add_argument(
        "--older-than", metavar="AGE", required=True, help="such as 30d, 8w, 6m or 1y; 0d is all"
    )
    return run(parser, argv, _work)


def days_of(age: str) -> int:
    """Return an age as a number of days; a bare number is days.

    Raises:
        InvalidArgumentError: It is not an age.
    """
    read = _AGE.fullmatch(age.strip().lower())
    if read is None:
        raise InvalidArgumentError(
            f"{age!r} is not an age; nothing was removed.", hint="For example: --older-than 30d."
        )
    return int(read[1]) * _DAYS[read[2] or "d"]


def _work(errand: Errand) -> Envelope:
    days = days_of(errand.options.older_than)
    found = errand.desk.bench.trash(older_than_days=days)
    if not found:
        errand.screen.show(Text(f"Nothing in the trash is older than {counted(days, 'day')}."))
        return success(PurgeAnswer(removed=0, bytes_freed=0))
    errand.screen.show(*_listed(found))
    if not errand.screen.agrees("Remove them? Type yes:", to=YES):
        raise CancelledError(
            "Nothing was removed.", hint="What lies in the trash can still be put back: undo."
        )
    report = errand.desk.bench.purge(found)
    for left in report.left:
        errand.screen.show(Text(f"  left alone: {left.path}: {left.code}: {left.detail}"))
    errand.screen.show(Text(f"Removed {files(report.removed)}, {report.bytes_freed:,} bytes."))
    return success(
        PurgeAnswer(
            removed=report.removed,
            bytes_freed=report.bytes_freed,
            left=tuple(
                LeftInTrash(path=left.path, code=left.code, detail=left.detail)
                for left in report.left
            ),
        )
    )


def _listed(found: "Sequence[Candidate]") -> Iterator[Text]:
    for file in found[:LISTED]:
        yield Text(f"  {file.bytes:>15,}  {file.path}")
    if len(found) > LISTED:
        yield Text(f"  … and {len(found) - LISTED} more")
    total = sum(file.bytes for file in found)
    yield Text(
        f"{files(len(found))}, {total:,} bytes. They will be gone for good; undo cannot help."
    )
