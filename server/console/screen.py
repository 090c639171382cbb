"""Where a command shows what it has to say: stdout for the answer, stderr for all the rest."""

import sys

from rich.console import Console, RenderableType
from rich.text import Text

from autodedup.schemas.errors import ERRORS, ErrorBody, ErrorCode
from autodedup.server.wire import Envelope

# The table's remedies speak to whoever drives a server; these to whoever typed a command.
_REMEDIES_HERE: dict[ErrorCode, str] = {
    "NO_ROOTS": "Say which folder: --root /path/to/videos, or set AUTODEDUP_ROOT.",
    "NOT_INGESTED": "autodedup ingest looks through the library first.",
    "PLAN_NOT_FOUND": "autodedup plan makes one and tells its id.",
    "PREFLIGHT_FAILED": "autodedup doctor says what would mend it.",
    "DIGEST_MISMATCH": "autodedup plan PLAN shows the plan and its digest.",
}


class Screen:
    """The terminal, or the pipe in its place."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._told = Console(stderr=as_json, highlight=False)
        self._errors = Console(stderr=True, highlight=False)

    def show(self, *what: RenderableType) -> None:
        """Show something for eyes; where stdout is for a program, on stderr."""
        for one in what:
            self._told.print(one)

    def agrees(self, question: str, *, to: frozenset[str]) -> bool:
        """Ask the person; an end of input is no agreement, nor is anything but these words."""
        self._told.print(Text(f"{question} "), end="")
        return sys.stdin.readline().strip().lower() in to

    def answer(self, envelope: Envelope) -> None:
        """Print the answer for a program; for a person only what went wrong is left to say."""
        if self.as_json:
            # Written as UTF-8 whatever the terminal's encoding: it is JSON for a program.
            sys.stdout.flush()
            sys.stdout.buffer.write(envelope.text.encode() + b"\n")
            sys.stdout.buffer.flush()
        elif "error" in envelope.body:
            self._error(ErrorBody.model_validate(envelope.body["error"]))

    def _error(self, error: ErrorBody) -> None:
        told = Text("✘ ", style="bold red").append(f"{error.code} ", style="bold")
        told.append(error.message, style="default not bold")
        self._errors.print(told)
        standing = error.hint == ERRORS[error.code].remedy
        hint = _REMEDIES_HERE.get(error.code, error.hint) if standing else error.hint
        if "schema(about=" in hint:  # a tool, for those who cannot ask for help
            hint = "Correct the command; --help lists what it takes."
        self._errors.print(Text(f"  {hint}"))
