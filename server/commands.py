"""Which commands `autodedup` has: where each lives, and its line of help.

A new command is one row here and a module with `main(argv) -> exit status`. Nothing of it is
imported before somebody asks for it, so that `--help` and a server's first answer stay immediate.
"""

from typing import NamedTuple


class Command(NamedTuple):
    """One command; `does` fits one line of the help (at most 66 characters)."""

    name: str
    module: str
    does: str
    function: str = "main"


COMMANDS: dict[str, tuple[Command, ...]] = {
    "for an agent": (
        Command("serve", "autodedup.server.serve", "serve the tools over MCP on stdin and stdout"),
    ),
    "for a script": (
        Command("call", "autodedup.server.call", "call one tool by name; JSON in, JSON out"),
        Command(
            "sign",
            "autodedup.server.sign",
            "sign a folder's videos without a state; JSON lines out",
        ),
        Command(
            "import",
            "autodedup.server.import_signatures",
            "take in signatures that were made on other machines",
        ),
    ),
    "for you": (
        Command(
            "demo",
            "autodedup.server.demo",
            "walk through the whole job on a small library made on the spot",
            "run_demo",
        ),
        Command(
            "doctor",
            "autodedup.server.console.doctor",
            "check whether the job can be done here, and what would mend it",
        ),
        Command(
            "ingest",
            "autodedup.server.console.ingest",
            "look through the library and sign what is new or changed",
        ),
        Command("find", "autodedup.server.console.find", "list groups of duplicates"),
        Command("plan", "autodedup.server.console.plan", "plan what to do with them; review it"),
        Command(
            "apply",
            "autodedup.server.console.apply",
            "show a plan, ask, and carry out exactly that",
        ),
        Command("undo", "autodedup.server.console.undo", "put back what a plan moved"),
        Command(
            "approve",
            "autodedup.server.approve",
            "look at a plan and approve it (for serve --require-approval)",
        ),
        Command(
            "purge",
            "autodedup.server.purge",
            "empty the trash of what has lain there long enough",
        ),
    ),
}


def named(name: str) -> Command | None:
    """Return the command of this name, if there is one."""
    return next((one for one in every_command() if one.name == name), None)


def every_command() -> tuple[Command, ...]:
    """Return all commands, in the order of the help."""
    return tuple(one for section in COMMANDS.values() for one in section)


def overview() -> str:
    """Return the help of `autodedup` itself."""
    lines = [
        "usage: autodedup COMMAND [options]",
        "",
        "Finds duplicate videos, shows what it would do, does it when told, can undo it.",
        "",
    ]
    for heading, section in COMMANDS.items():
        lines.append(heading)
        lines += [f"  {one.name:<10}{one.does}" for one in section]
    lines += ["", "autodedup COMMAND --help shows a command's options. Also: --version, --help."]
    return "\n".join(lines) + "\n"
