"""`autodedup purge`: a person empties the trash of what has lain there long enough."""

import re
import sys
from collections.abc import Sequence

from autodedup.engine.errors import AutoDedupError, InvalidArgumentError
from autodedup.engine.workbench import Workbench
from autodedup.server.flags import FlagParser, add_settings, settings_from

DECLINED = 1  # the exit status when the person says no: nothing was removed
LISTED = 40  # lines; the sums speak of everything
_AGE = re.compile(r"(\d{1,5})\s*(d|w|m|y)?")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


def main(argv: Sequence[str]) -> int:
    """List what would go, ask, and remove it for good."""
    parser = FlagParser(
        prog="autodedup purge",
        description="Remove for good what apply_plan put into the trash long enough ago.",
        usage="--older-than AGE",
    )
    parser.add_argument(
        "--older-than", metavar="AGE", required=True, help="such as 30d, 8w, 6m or 1y; 0d is all"
    )
    add_settings(parser)
    try:
        options = parser.parse_args(argv)
        bench = Workbench(settings_from(options))
        try:
            return _ask(bench, days_of(options.older_than))
        finally:
            bench.close()
    except AutoDedupError as error:
        print(f"autodedup purge: {error.message} {error.hint}", file=sys.stderr)
        return error.fact().exit_code


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


def _ask(bench: Workbench, days: int) -> int:
    found = bench.trash(older_than_days=days)
    if not found:
        print(f"Nothing in the trash is older than {days} days.")
        return 0
    for file in found[:LISTED]:
        print(f"  {file.bytes:>15,}  {file.path}")
    if len(found) > LISTED:
        print(f"  … and {len(found) - LISTED} more")
    total = sum(file.bytes for file in found)
    print(
        f"{len(found)} files, {total:,} bytes. They will be gone for good; undo_plan cannot help."
    )
    # An end of input is no agreement, and neither is anything but the whole word.
    print("Remove them? Type yes: ", end="", flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        print("Nothing was removed.")
        return DECLINED
    report = bench.purge(found)
    for left in report.left:
        print(f"  left alone: {left.path}: {left.code}: {left.detail}")
    print(f"Removed {report.removed} files, {report.bytes_freed:,} bytes.")
    return 0
