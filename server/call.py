"""`autodedup call`: one tool from a script: JSON in and out, the error as exit status."""

import json
import logging
import sys
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError, CancelledError, InvalidArgumentError
from autodedup.engine.workbench import Workbench
from autodedup.schemas.jobs import Progress
from autodedup.server.arguments import nearest
from autodedup.server.desk import Catalogue, Desk
from autodedup.server.flags import FlagParser, add_settings, settings_from
from autodedup.server.wire import Envelope, failure


def main(argv: Sequence[str]) -> int:
    """Make the call and print its envelope on stdout; return the exit status."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="autodedup: %(message)s")
    from autodedup.tools.catalogue import CATALOGUE

    envelope = call(argv, CATALOGUE)
    # Written as UTF-8 whatever the terminal's encoding: it is JSON for a program.
    sys.stdout.buffer.write(envelope.text.encode() + b"\n")
    sys.stdout.buffer.flush()
    return envelope.exit_code


def call(argv: Sequence[str], catalogue: Catalogue) -> Envelope:
    """Return the answer to a command line `TOOL [JSON] [flags]`."""
    parser = FlagParser(
        prog="autodedup call",
        description="Call one tool and print its answer as JSON; waits to the end of the work.",
        usage="TOOL [JSON]",
    )
    parser.add_argument("tool", metavar="TOOL", help=", ".join(tool.name for tool in catalogue))
    parser.add_argument(
        "json", metavar="JSON", nargs="?", default="{}", help="the arguments; - reads them on stdin"
    )
    add_settings(parser)
    try:
        options = parser.parse_args(argv)
        desk = Desk(Workbench(settings_from(options)), catalogue)
        _check_tool(options.tool, desk.names())
        arguments = read_object(sys.stdin.read() if options.json == "-" else options.json)
    except AutoDedupError as error:
        return failure(error)
    try:
        return desk.answer(options.tool, arguments, Caller(_unheard, waits_to_the_end=True))
    except KeyboardInterrupt:
        return failure(CancelledError("The call was interrupted; what was finished is kept."))
    finally:
        desk.bench.close()


def _check_tool(name: str, known: Sequence[str]) -> None:
    if name not in known:
        raise InvalidArgumentError(
            f"There is no tool {name}; {nearest(name, known)}.",
            hint=f"The tools are {', '.join(known)}.",
        )


def read_object(text: str) -> Mapping[str, JsonValue]:
    """Read a call's arguments as they were typed.

    Raises:
        InvalidArgumentError: They are not one JSON object.
    """
    try:
        arguments: JsonValue = json.loads(text)
    except RecursionError as error:
        raise InvalidArgumentError("The arguments are nested too deeply.") from error
    except ValueError as error:
        raise InvalidArgumentError(
            f"The arguments are not valid JSON: {error}.",
            hint="""Quote them for the shell, for example: '{"limit":5}'.""",
        ) from error
    if not isinstance(arguments, dict):
        raise InvalidArgumentError(
            "The arguments must be one JSON object.", hint="""For example: '{"limit":5}'."""
        )
    return arguments


def _unheard(_progress: Progress) -> None:
    """Nobody watches the progress of a scripted call."""
