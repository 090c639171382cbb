"""`autodedup import`: take in signatures that were made on other machines."""

import sys
import threading
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from rich.text import Text

from autodedup.engine.errors import PathNotFoundError
from autodedup.engine.names import shown
from autodedup.engine.portable.line import LONGEST_LINE
from autodedup.schemas.person import ImportAnswer
from autodedup.server.console.errand import Errand, command_line, run
from autodedup.server.wire import Envelope, success


def main(argv: Sequence[str]) -> int:
    """Import the lines of a file, say what became of them; return the exit status."""
    parser = command_line(
        "import",
        "Give files of the library the signatures that autodedup sign made of the same content "
        "elsewhere. Files that no line speaks of are left for autodedup ingest.",
        "FILE",
    )
    parser.add_argument("lines", metavar="FILE", help="what autodedup sign printed; - is stdin")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    answer, lines = errand.desk.bench.import_signatures(
        _lines(errand.options.lines), threading.Event()
    )
    told = ImportAnswer(
        status=answer.status,
        lines=dict(lines),
        files_signed=answer.processed,
        left=answer.remaining,
    )
    errand.screen.show(Text(f"{told.files_signed} files are signed now, {told.left} are left."))
    errand.screen.show(*(Text(f"  {count:>8} {what}") for what, count in told.lines.items()))
    return success(told)


def _lines(name: str) -> Iterator[bytes]:
    """Yield the lines of a file, none longer than can be meant.

    Raises:
        PathNotFoundError: The file cannot be read.
    """
    if name == "-":
        yield from _bounded(sys.stdin.buffer)
        return
    try:
        with open(name, "rb") as file:  # noqa: PTH123  # the name is as it was typed
            yield from _bounded(file)
    except OSError as error:
        raise PathNotFoundError(
            f"{shown(name)} cannot be read: {error.strerror}.",
            hint="Name the file that autodedup sign wrote.",
        ) from error


def _bounded(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE + 1):
        yield line
        while len(line) > LONGEST_LINE and not line.endswith(b"\n"):
            line = file.readline(LONGEST_LINE)
