"""What a person types for a file, as the tools take it."""

import re
from pathlib import Path

_FILE_ID = re.compile(r"f[1-9][0-9]{0,17}")


def file_reference(typed: str) -> str:
    """Return an id as it is, and a path that exists from here as an absolute one.

    The tools read relative paths from a root; a person means them from the working directory. What
    is not there may still be meant from a root, and is left for the tool to judge.
    """
    if _FILE_ID.fullmatch(typed):
        return typed
    here = Path(typed).expanduser()
    return str(here.absolute()) if here.is_absolute() or here.exists() else typed
