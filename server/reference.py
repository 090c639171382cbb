"""Tables for the README and docs, made from the code so that they cannot lag behind it."""

from autodedup.schemas.errors import ERRORS
from autodedup.server.commands import COMMANDS
from autodedup.server.desk import Catalogue
from autodedup.server.flags import bounds_table, flags_table

__all__ = ["bounds_table", "commands_table", "errors_table", "flags_table", "tools_table"]


def tools_table(catalogue: Catalogue) -> str:
    """Return the tools as a markdown table: name, what it changes, and the first thing it does."""
    rows = ["| tool | changes | does |", "|---|---|---|"]
    for tool in catalogue:
        if tool.hints.read_only:
            changes = "nothing"
        else:
            changes = "your files" if tool.hints.moves_files else "its own state"
        first = tool.description.split(". ")[0].rstrip(".")
        rows.append(f"| `{tool.name}` | {changes} | {first}. |")
    return "\n".join(rows) + "\n"


def commands_table() -> str:
    """Return the commands as a markdown table."""
    rows = ["| command | does | |", "|---|---|---|"]
    rows += [
        f"| `{one.name}` | {one.does} | {heading} |"
        for heading, section in COMMANDS.items()
        for one in section
    ]
    return "\n".join(rows) + "\n"


def errors_table() -> str:
    """Return the closed list of error codes as a markdown table."""
    rows = ["| code | exit | again? | means | do |", "|---|---|---|---|---|"]
    rows += [
        f"| `{code}` | {fact.exit_code} | {'yes' if fact.retryable else ''} "
        f"| {fact.meaning} | {fact.remedy} |"
        for code, fact in ERRORS.items()
    ]
    return "\n".join(rows) + "\n"
