"""`autodedup find`: groups of duplicates with the evidence, from what ingest stored."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from autodedup.schemas.find_duplicates import FindAnswer
from autodedup.schemas.vocabulary import KINDS
from autodedup.server.amounts import counted, files, size
from autodedup.server.console.errand import Errand, Json, command_line, run
from autodedup.server.console.groups import groups_table
from autodedup.server.console.paths import file_reference
from autodedup.server.wire import Envelope


def main(argv: Sequence[str]) -> int:
    """Find groups and show a page of them."""
    parser = command_line(
        "find",
        "List groups of videos that show the same, the surest and largest first.",
        "[PATH ...]",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only files under these")
    parser.add_argument(
        "--like", metavar="FILE", help="only what duplicates this file (path or id, such as f12)"
    )
    parser.add_argument(
        "--kind", action="append", metavar="KIND", help=f"may be repeated: {', '.join(KINDS)}"
    )
    parser.add_argument("--profile", metavar="strict|balanced|loose", help="how sure to be")
    parser.add_argument("--min-confidence", metavar="N", type=float, help="0 to 1")
    parser.add_argument("--limit", metavar="N", type=int, help="groups to show [20]")
    parser.add_argument("--cursor", metavar="TEXT", help="show the page that starts here")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    options = errand.options
    given: Json = {
        "paths": [file_reference(path) for path in options.paths] or None,
        "like": None if options.like is None else file_reference(options.like),
        "kinds": options.kind,
        "profile": options.profile,
        "min_confidence": options.min_confidence,
        "limit": options.limit,
        "cursor": options.cursor,
    }
    asked: Json = {name: value for name, value in given.items() if value is not None}
    answer = errand.call("find_duplicates", asked)
    if not errand.screen.as_json:
        errand.screen.show(*_told(FindAnswer.model_validate(answer.body)))
    return answer


def _told(found: FindAnswer) -> Iterator[RenderableType]:
    if found.groups:
        yield groups_table(found.groups)
        yield Text("")
    totals, coverage = found.totals, found.coverage
    yield Text(
        f"{counted(totals.groups, 'group')}, {files(totals.redundant_files)} redundant, "
        f"{size(totals.reclaimable_bytes)} to gain. "
        f"{coverage.compared:,} of {files(coverage.files)} compared."
    )
    if coverage.not_ingested:
        yield Text(f"{files(coverage.not_ingested)} not ingested yet: autodedup ingest")
    if found.truncated is not None:
        yield Text(found.truncated, style="dim")
    if found.next_cursor is not None:
        yield Text(f"More groups: --cursor {found.next_cursor}, or --limit 200", style="dim")
    if found.result is not None and totals.groups:
        yield Text(f"Next: autodedup plan   (from result {found.result})", style="dim")
