"""Taking a file away for good: only ever the one that was witnessed, and only after a last look.

1. the caller has looked at the file and at its keeper, and holds both open;
2. write the intent to the journal, and wait until it is on disk;
3. give the file a private name, so that nothing can take its place unseen;
4. look at what has that name, at its folder and at the keeper; if anything differs, put it back;
5. remove it, look at the keeper once more, sync the folder, write the outcome.
"""

from autodedup.engine.apply.errand import Errand, private_name, unfinished
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.last_look import remove_then_look
from autodedup.engine.apply.put_back import put_back
from autodedup.engine.apply.witness import Sighting, identity
from autodedup.engine.errors import FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Intent


def remove(errand: Errand, victim: Sighting, *, keeper: Sighting | None, freed: int) -> None:
    """Remove a file. Nothing brings it back.

    Raises:
        FileError: It was left where it was, or put back there.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    home, place, private = victim.folder, victim.spot, private_name()
    entry = errand.intend(
        Intent(
            operation="remove",
            action=errand.action,
            file=errand.file,
            source=place,
            seen=victim.seen,
            root_inode=errand.places.root_inode(place.root),
            private=private,
            other=None if keeper is None else keeper.spot,
            other_seen=None if keeper is None else keeper.seen,
            freed=freed,
        )
    )
    victim.make_movable()
    try:
        home.move(place.name, home, private)
    except OSError as error:
        errand.given_up(entry, str(error))
        raise refused(error, doing=f"{shown(place.path)} cannot be removed") from error
    problem = _what_went_wrong(errand, victim, private, keeper)
    if problem is None:
        try:
            problem = remove_then_look(victim, home, private, lambda: _confirm(errand, keeper))
        except OSError as error:
            problem = refused(error, doing=f"{shown(place.path)} cannot be removed")
    try:
        lies = None if problem is None else put_back(home, private, home, place)
        home.sync()
    except FileNotFoundError:
        lies = None  # another program took it away under its private name
    except OSError as error:
        unfinished(entry, error)
    if problem is not None:
        errand.given_up(entry, problem.detail, lies=lies)
        raise problem
    errand.done(entry, "unlink", lies=None, landed=None)


def _what_went_wrong(
    errand: Errand, victim: Sighting, private: str, keeper: Sighting | None
) -> FileError | None:
    try:
        found = victim.folder.look(private)
        if found is None or identity(found) != victim.seen:
            detail = f"{shown(victim.spot.path)} was replaced in the last instant. It stays."
            return FileError("FILE_CHANGED", detail)
        errand.places.confirm_inside(victim.folder, victim.spot)
        _confirm(errand, keeper)
    except FileError as error:
        return error
    except OSError as error:
        return refused(error, doing=f"{shown(victim.spot.path)} cannot be looked at again")
    return None


def _confirm(errand: Errand, keeper: Sighting | None) -> None:
    if keeper is not None:
        keeper.confirm_name(errand.places)
