"""`autodedup serve`: the MCP server on stdin and stdout."""

import sys
from collections.abc import Sequence

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.workbench import Workbench
from autodedup.server.flags import FlagParser, add_settings, settings_from

# What an operator decides; the rest tunes the engine and is for those who look for it.
SHOWN = (
    "root", "protect", "db", "read_only", "allow_delete", "require_approval", "mcp_era",
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Serve until the client leaves; a wrong flag is told on stderr and ends the command."""
    parser = FlagParser(
        prog="autodedup serve",
        description="Serve the tools to one MCP client over stdin and stdout.",
    )
    add_settings(parser, shown=SHOWN)
    try:
        settings = settings_from(parser.parse_args(argv))
    except AutoDedupError as error:
        print(f"autodedup serve: {error.message} {error.hint}", file=sys.stderr)
        return error.fact().exit_code
    from autodedup.server.lifespan import serve
    from autodedup.tools.catalogue import CATALOGUE

    serve(Workbench(settings), CATALOGUE)
    return 0
