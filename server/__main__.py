"""The command `autodedup`: picks the subcommand and imports only that."""

import sys
from collections.abc import Sequence
from importlib import import_module

HELP = """\
usage: autodedup COMMAND [options]

Finds duplicate videos, shows what it would do, does it when told, can undo it.

for an agent
  serve     serve the tools over MCP on stdin and stdout
            autodedup serve --root /videos
for a script
  call      call one tool; JSON in, JSON out, exit status = error code
            autodedup call find_duplicates '{"limit":5}' --root /videos
for you
  demo      make a small library and walk through the whole job on it
  approve   look at a plan and approve it (for serve --require-approval)
            autodedup approve p7 --root /videos
  purge     empty the trash of what has lain there long enough
            autodedup purge --older-than 30d --root /videos

autodedup COMMAND --help shows a command's options. Also: --version, --help.
"""

WRONG_COMMAND = 4  # the exit status of INVALID_ARGUMENT

# Where each command lives; imported only when it is asked for, so that --help is immediate.
_COMMANDS = {
    "serve": ("autodedup.server.serve", "main"),
    "call": ("autodedup.server.call", "main"),
    "demo": ("autodedup.server.demo", "run_demo"),
    "approve": ("autodedup.server.approve", "main"),
    "purge": ("autodedup.server.purge", "main"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    words = sys.argv[1:] if argv is None else list(argv)
    command = words[0] if words else "--help"
    if command in {"--help", "-h", "help"}:
        print(HELP, end="")
        return 0
    if command == "--version":
        from autodedup.engine.version import version

        print(f"autodedup {version()}")
        return 0
    if command not in _COMMANDS:
        known = ", ".join(_COMMANDS)
        print(f"autodedup: there is no command {command!r}; there are {known}.", file=sys.stderr)
        return WRONG_COMMAND
    module, function = _COMMANDS[command]
    status: int = getattr(import_module(module), function)(words[1:])
    return status


if __name__ == "__main__":
    sys.exit(main())
