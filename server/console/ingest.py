"""`autodedup ingest`: bring the state up to date with the disk, with a bar while it lasts."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from autodedup.schemas.ingest import IngestAnswer
from autodedup.server.amounts import counted, files
from autodedup.server.console.errand import Errand, Json, command_line, run
from autodedup.server.console.paths import file_reference
from autodedup.server.wire import Envelope

SHOWN = 10  # errors; the counts by code speak of all


def main(argv: Sequence[str]) -> int:
    """Ingest to the end and say what changed, what was done and what failed."""
    parser = command_line(
        "ingest",
        "Look through the library and sign what is new or changed. Changes no video.",
        "[PATH ...]",
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="only these folders or files")
    parser.add_argument(
        "--tiers", metavar="LIST", help="such as exact,perceptual,copy; fewer are faster"
    )
    parser.add_argument("--retry-failed", action="store_true", help="try again what failed before")
    parser.add_argument("--force", action="store_true", help="do again what is up to date")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    options = errand.options
    asked: Json = {"retry_failed": options.retry_failed, "force": options.force}
    if options.paths:
        asked["paths"] = [file_reference(path) for path in options.paths]
    if options.tiers is not None:
        asked["tiers"] = [tier.strip() for tier in options.tiers.split(",")]
    answer = errand.call("ingest", asked)
    if not errand.screen.as_json:
        errand.screen.show(*_told(IngestAnswer.model_validate(answer.body)))
    return answer


def _told(answer: IngestAnswer) -> Iterator[Text]:
    scan = answer.scan
    parts = {
        "new": scan.new, "changed": scan.changed, "moved": scan.moved, "missing": scan.missing,
        "unchanged": scan.unchanged, "ignored": scan.ignored,
    }  # fmt: skip
    found = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    yield Text(f"{files(scan.seen)} in {answer.base}: {found or 'nothing to do'}.")
    speed = f" at {answer.rate.media_s_per_s:.0f} s of film a second" if answer.processed else ""
    yield Text(
        f"Done: {answer.processed:,}{speed}. Failed: {answer.failed:,}. Left: {answer.remaining:,}."
    )
    for error in answer.errors[:SHOWN]:
        told = Text(f"  {error.code} ", style="yellow")
        yield told.append(f"{error.path}: {error.detail}", style="default")
    more = sum(answer.errors_by_code.values()) - len(answer.errors[:SHOWN])
    if more > 0:
        yield Text(f"  … and {counted(more, 'more file')} of which --json gives the codes.")
    for note in answer.notes:
        yield Text(f"Note: {note}", style="dim")
    if answer.status == "complete":
        yield Text("Next: autodedup find", style="dim")
