"""Which files a call of `compare` is about, and the one they are compared with."""

import threading
from dataclasses import dataclass

from autodedup.engine.comparing.claims import Claims
from autodedup.engine.errors import InvalidArgumentError, PathNotFoundError, UnknownIdError
from autodedup.engine.library import Library, LibraryFile
from autodedup.engine.store import results
from autodedup.engine.store.database import Database
from autodedup.schemas.compare import CompareArguments
from autodedup.schemas.vocabulary import GroupId, Kind

MOST_COLUMNS = 6  # files side by side; more would be too small to look at


@dataclass(frozen=True, slots=True)
class Asked:
    """What to compare: files with the one they are compared with, all there."""

    against: LibraryFile
    files: tuple[LibraryFile, ...]
    total: int
    basis: str | None = None
    group: GroupId | None = None
    kinds: tuple[Kind | None, ...] = ()
    gone: tuple[str, ...] = ()


def asked_pair(
    library: Library, claims: Claims, arguments: CompareArguments, stop: threading.Event
) -> Asked:
    """Return two files; a clip is told as a part of its film, whichever was named first.

    Raises:
        InvalidArgumentError: Both names name one file.
        AutoDedupError: A name names no file; see `Library.named`.
    """
    a, b = library.named(arguments.a or ""), library.named(arguments.b or "")
    if a.row.id == b.row.id:
        raise InvalidArgumentError(
            f"a and b both name {a.shown} ({a.id}); nothing was compared.",
            hint=f'Call again with two files, for example {{"a":"{a.id}","b":"f9"}}.',
            details={"argument": "b"},
        )
    if claims.contains(a, b, stop):
        a, b = b, a
    return Asked(against=b, files=(a,), total=1)


def asked_group(db: Database, library: Library, group_id: GroupId) -> Asked:
    """Return the first files of a group as it was found last, with the copy to keep.

    Raises:
        UnknownIdError: There is no such group.
        PathNotFoundError: The copy to keep is gone.
    """
    found = results.group(db, int(group_id[1:]))
    if found is None:
        raise UnknownIdError(
            f"There is no group {group_id}; nothing was compared.",
            hint="Call find_duplicates and use a group it lists, or name two files: "
            '{"a":"f12","b":"f9"}.',
            details={"group": group_id},
        )
    group, basis = found
    present = {file.id: library.files.get(int(file.id[1:])) for file in group.files}
    against = present[group.keep]
    if against is None:
        raise PathNotFoundError(
            f"{group.keep}, the copy to keep of {group_id}, is gone; nothing was compared.",
            hint="Call ingest and find_duplicates again, and compare a group they return.",
            details={"group": group_id, "file": group.keep},
        )
    members = [(file, present[file.id]) for file in group.files if file.id != group.keep]
    there = [(told.relation, file) for told, file in members if file is not None]
    return Asked(
        against=against,
        files=tuple(file for _, file in there[: MOST_COLUMNS - 1]),
        total=len(members),
        basis=basis,
        group=group_id,
        kinds=tuple(kind for kind, _ in there[: MOST_COLUMNS - 1]),
        gone=tuple(told.id for told, file in members if file is None),
    )
