"""The command `autodedup`: picks the subcommand and imports only that."""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from autodedup.server.commands import every_command, named, overview

WRONG_COMMAND = 4  # the exit status of INVALID_ARGUMENT


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    # Our products of matrices are many and small: threads that wait for each other would cost a
    # busy machine many times what they save an idle one. Read when numpy is first imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    words = sys.argv[1:] if argv is None else list(argv)
    name = words[0] if words else "--help"
    if name in {"--help", "-h", "help"}:
        print(overview(), end="")
        return 0
    if name == "--version":
        from autodedup.engine.version import version

        print(f"autodedup {version()}")
        return 0
    command = named(name)
    if command is None:
        print(f"autodedup: there is no command {name!r}; {_meant(name)}", file=sys.stderr)
        return WRONG_COMMAND
    status: int = getattr(import_module(command.module), command.function)(words[1:])
    return status


def _meant(name: str) -> str:
    from difflib import get_close_matches

    known = [one.name for one in every_command()]
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}."


if __name__ == "__main__":
    sys.exit(main())
