"""Moving a file within the library without overwriting and without losing sight of it.

The order of steps is the safety argument:

1. the caller has looked at the file and at its keeper, and holds both open;
2. write the intent to the journal, and wait until it is on disk;
3. rename to a name that must be free (on another device: copy, see `carry_across`);
4. look at what arrived, at both folders from the root, and at the keeper; if anything is not
   what it was, take it back;
5. sync both folders, then write the outcome.

A crash after any step leaves the file under one of the two names that the intent holds.
"""

import errno
from collections.abc import Iterable

from autodedup.engine.apply.carry_across import carry_across
from autodedup.engine.apply.errand import Errand, unfinished
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.free_names import names_to_try
from autodedup.engine.apply.put_back import no_way_to, put_back
from autodedup.engine.apply.witness import Sighting, identity
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Entry, Intent, Spot


def relocate(
    errand: Errand,
    source: Sighting,
    target: Spot,
    *,
    keeper: Sighting | None = None,
    exact_name: bool = False,
    freed: int = 0,
) -> None:
    """Move a file; a taken name gets a suffix unless `exact_name`.

    Raises:
        FileError: The file was left where it was, or put back there.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    candidates: Iterable[Spot] = (target,) if exact_name else names_to_try(target)
    for spot in candidates:
        if _is_taken(errand, spot):
            continue
        try:
            _move_or_carry(errand, source, spot, keeper, freed)
        except FileExistsError:
            continue  # another program was quicker
        return
    raise FileError(
        "NAME_TAKEN",
        f"{shown(target.path)} is taken by another file. {shown(source.spot.path)} was left "
        "where it was.",
    )


def _is_taken(errand: Errand, spot: Spot) -> bool:
    try:
        return errand.places.look(spot) is not None
    except OSError as error:
        raise no_way_to(spot, error) from error


def _move_or_carry(
    errand: Errand, source: Sighting, target: Spot, keeper: Sighting | None, freed: int
) -> None:
    try:
        _move(errand, source, target, keeper, freed)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        carry_across(errand, source, target, keeper=keeper, freed=freed)


def _move(
    errand: Errand, source: Sighting, target: Spot, keeper: Sighting | None, freed: int
) -> None:
    entry = errand.intend(_intent(errand, source, target, keeper, freed))
    try:
        folder, made = errand.places.open_or_make(target.root, target.folder)
    except OSError as error:
        errand.given_up(entry, str(error))
        raise no_way_to(target, error) from error
    with folder:
        source.make_movable()
        try:
            how = source.folder.move(source.spot.name, folder, target.name)
        except OSError as error:
            errand.given_up(entry, str(error))
            if isinstance(error, FileExistsError) or error.errno == errno.EXDEV:
                raise
            raise refused(error, doing=f"{shown(source.spot.path)} cannot be moved") from error
        problem = _what_went_wrong(errand, source, folder, target, keeper)
        if problem is not None:
            _take_back(errand, entry, source, folder, problem)
            raise problem
        errand.done(entry, how, lies=target, landed=source.seen, made=made)


def _intent(
    errand: Errand, source: Sighting, target: Spot, keeper: Sighting | None, freed: int
) -> Intent:
    return Intent(
        operation="move",
        action=errand.action,
        file=errand.file,
        source=source.spot,
        seen=source.seen,
        root_inode=errand.places.root_inode(source.spot.root),
        target=target,
        other=None if keeper is None else keeper.spot,
        other_seen=None if keeper is None else keeper.seen,
        makes=errand.places.missing(target.root, target.folder),
        freed=freed,
    )


def _what_went_wrong(
    errand: Errand, source: Sighting, folder: Folder, target: Spot, keeper: Sighting | None
) -> FileError | None:
    """Return why the move cannot stand, or None once it is verified and on disk."""
    try:
        found = folder.look(target.name)
        if found is None or identity(found) != source.seen:
            return FileError(
                "FILE_CHANGED",
                f"{shown(source.spot.path)} was replaced in the instant it was moved. What "
                "arrived was put back.",
            )
        for held, spot in ((folder, target), (source.folder, source.spot)):
            errand.places.confirm_inside(held, spot)
        if keeper is not None:
            keeper.confirm_name(errand.places)
        folder.sync()
        source.folder.sync()
    except FileError as error:
        return error
    except OSError as error:
        return refused(error, doing=f"The move of {shown(source.spot.path)} cannot be confirmed")
    return None


def _take_back(
    errand: Errand, entry: Entry, source: Sighting, folder: Folder, problem: FileError
) -> None:
    target = entry.intent.target
    if target is None:
        raise ValueError("a move has a target")
    try:
        lies = put_back(folder, target.name, source.folder, source.spot)
        folder.sync()
        source.folder.sync()
    except FileNotFoundError:
        lies = None  # what arrived was taken away by another program: nothing is ours to put back
    except OSError as error:
        unfinished(entry, error)
    errand.given_up(entry, problem.detail, lies=lies)
