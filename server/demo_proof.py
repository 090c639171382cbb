"""Whether the demo kept its word: every file is back, and what was found is what was made."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from autodedup.engine.footage.library import Made
from autodedup.schemas.find_duplicates import Group

Snapshot = dict[str, tuple[str, int]]  # relative path: (SHA-256, mtime in ns)

_STATE = ".autodedup"


def snapshot(folder: Path) -> Snapshot:
    """Return every file's name, SHA-256 and time, the state folder left out."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file() and _STATE not in path.relative_to(folder).parts
    }


def changes(before: Snapshot, after: Snapshot) -> list[str]:
    """Return what differs, one sentence a file; nothing when all is as it was."""
    told = [f"{name} is gone" for name in before.keys() - after.keys()]
    told += [f"{name} is new" for name in after.keys() - before.keys()]
    for name in before.keys() & after.keys():
        if before[name][0] != after[name][0]:
            told.append(f"{name} has other bytes")
        elif before[name][1] != after[name][1]:
            told.append(f"{name} has another time")
    return sorted(told)


def judge_groups(made: Sequence[Made], groups: Sequence[Group]) -> list[str]:
    """Return what was missed, and what was taken for a duplicate and is none."""
    origin = {file.path: file.duplicate_of or file.path for file in made}
    shown = [{file.path for file in group.files if file.path in origin} for group in groups]
    problems = [
        f"{file.path} ({file.what}) was not found to be a duplicate of {file.duplicate_of}"
        for file in made
        if file.duplicate_of
        and not any({file.path, file.duplicate_of} <= together for together in shown)
    ]
    for group, together in zip(groups, shown, strict=True):
        films = sorted({origin[path] for path in together if path})
        if len(films) > 1:
            problems.append(f"{group.id} mixes different films: {', '.join(films)}")
    return problems
