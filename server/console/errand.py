"""A person's errand: flags in, calls through the same desk as an agent's, one answer out.

On a terminal the answer is shown for eyes; into a pipe, or with --json, it is the tool's own
envelope in one line. The exit status is the error's number either way.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError, CancelledError
from autodedup.engine.workbench import Workbench
from autodedup.server.console.progress_bar import shown_progress
from autodedup.server.console.screen import Screen
from autodedup.server.desk import Desk
from autodedup.server.flags import FlagParser, add_settings, settings_from
from autodedup.server.wire import Envelope, failure

Json: TypeAlias = dict[str, JsonValue]


class RefusedError(Exception):
    """A call that was answered with an error, which ends the errand."""

    def __init__(self, envelope: Envelope) -> None:
        super().__init__(envelope.code)
        self.envelope = envelope


@dataclass(frozen=True, slots=True)
class Errand:
    """One run of a command: where it asks, what it was given, where it shows."""

    desk: Desk
    screen: Screen
    options: argparse.Namespace

    def call(self, tool: str, arguments: Json) -> Envelope:
        """Call a tool and wait to the end of its work, showing how far it has come.

        Raises:
            RefusedError: The tool answered with an error.
        """
        with shown_progress(tool) as report:
            answer = self.desk.answer(tool, arguments, Caller(report, waits_to_the_end=True))
        if answer.code is not None:
            raise RefusedError(answer)
        return answer


Work: TypeAlias = Callable[[Errand], Envelope]


def command_line(name: str, does: str, takes: str = "") -> FlagParser:
    """Return the parser of a command for people, with what all of them take."""
    parser = FlagParser(prog=f"autodedup {name}", description=does, usage=takes)
    parser.add_argument(
        "--json", action="store_true", help="print the answer as JSON, as into a pipe"
    )
    return parser


def run(parser: FlagParser, argv: Sequence[str], work: Work) -> int:
    """Parse, work, print; return the exit status. An error is told, never raised."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="autodedup: %(message)s")
    add_settings(parser)
    # Known before the rest is parsed, so that a wrong flag is told in the right form too.
    screen = Screen(as_json="--json" in argv or not sys.stdout.isatty())
    try:
        envelope = _done(parser, argv, work, screen)
    except RefusedError as refused:
        envelope = refused.envelope
    except AutoDedupError as error:
        envelope = failure(error)
    except KeyboardInterrupt:
        envelope = failure(CancelledError("You interrupted it; what was finished is kept."))
    screen.answer(envelope)
    return envelope.exit_code


def _done(parser: FlagParser, argv: Sequence[str], work: Work, screen: Screen) -> Envelope:
    options = parser.parse_args(argv)
    bench = Workbench(settings_from(options))
    from autodedup.tools.catalogue import CATALOGUE

    try:
        return work(Errand(Desk(bench, CATALOGUE), screen, options))
    finally:
        bench.close()
