"""The folders at the top of a root that are ours: what is set aside, put in order, remembered."""

TRASH = "__TRASH_BIN__"
QUARANTINE = "__QUARANTINE__"
ORGANIZED = "Organized"
STATE = ".autodedup"

SET_ASIDE = frozenset({TRASH, QUARANTINE, STATE})
"""Folders of what was set aside, and of state: not walked at any depth, whosever root they are."""

MANAGED_FOLDERS = SET_ASIDE | {ORGANIZED}
"""Folders at the top of a root in which we put files or state ourselves; they are not walked."""


def is_managed(path: str) -> bool:
    """Return whether a path, relative to its root, leads into a folder that is not walked."""
    folders = path.split("/")
    return folders[0] in MANAGED_FOLDERS or not SET_ASIDE.isdisjoint(folders)
