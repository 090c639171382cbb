"""`autodedup doctor`: whether the job can be done here, check by check, and what would mend it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import TypeAdapter
from rich.text import Text

from autodedup.schemas.preflight import Check, LibraryState
from autodedup.server.amounts import files, size
from autodedup.server.console.errand import Errand, Json, command_line, run
from autodedup.server.console.paths import file_reference
from autodedup.server.wire import Envelope

_MARKS = {"pass": ("✔", "green"), "warn": ("!", "yellow"), "fail": ("✘", "bold red")}
_CHECKS: TypeAdapter[tuple[Check, ...]] = TypeAdapter(tuple[Check, ...])


def main(argv: Sequence[str]) -> int:
    """Run every check; the exit status is that of PREFLIGHT_FAILED when one of them fails."""
    parser = command_line(
        "doctor", "Check whether videos can be compared and plans applied here.", "[PATH ...]"
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only these folders")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    paths = [file_reference(path) for path in errand.options.paths]
    asked: Json = {"paths": [*paths]} if paths else {}
    answer = errand.call("preflight", asked)
    checks = _CHECKS.validate_python(answer.body["checks"])
    if not errand.screen.as_json:
        for check in checks:
            errand.screen.show(*_told(check))
        library = LibraryState.model_validate(answer.body["library"])
        errand.screen.show(
            Text(f"{files(library.files)}, {size(library.bytes)}; {size(library.free_bytes)} free.")
        )
    # Not ready is an answer, not an error, yet a script should stop at it.
    return answer if answer.body["ready"] is True else replace(answer, code="PREFLIGHT_FAILED")


def _told(check: Check) -> Iterator[Text]:
    mark, style = _MARKS[check.status]
    yield Text(f"{mark} ", style=style).append(f"{check.name}: {check.detail}", style="default")
    if check.fix is not None and check.status != "pass":
        yield Text(f"    {check.fix}", style="bold")
