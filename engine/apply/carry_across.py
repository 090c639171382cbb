"""Moving a file to a place on another device: a verified copy on disk first, then the removal.

1. write the intent, with a private name on either side;
2. copy to the private name beside the target (`duplicate`: every byte is read again);
3. give the copy its name, which must be free, and sync the folder;
4. give the original a private name, so that what is removed is what was witnessed; look at it,
   at the copy, at the keeper and at both folders again;
5. remove the original, sync, write the outcome.

Until step 5 the original exists; from step 3 on the copy is complete. Recovery compares bytes.
"""

from dataclasses import dataclass

from autodedup.engine.apply.duplicate import duplicate
from autodedup.engine.apply.errand import Errand, private_name, unfinished
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.put_back import no_way_to, put_back
from autodedup.engine.apply.witness import Sighting, identity, look_at
from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Entry, Identity, Intent, Spot


def carry_across(
    errand: Errand, source: Sighting, target: Spot, *, keeper: Sighting | None, freed: int
) -> None:
    """Move a file to another device.

    Raises:
        FileExistsError: The target's name was taken meanwhile; nothing has changed.
        FileError: The file was left where it was, or put back there.
        CancelledError: The errand was stopped while copying; nothing has changed.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    with look_at(errand.places, source.spot, source.seen) as original:
        entry = errand.intend(_intent(errand, original, target, keeper, freed))
        try:
            folder, made = errand.places.open_or_make(target.root, target.folder)
        except OSError as error:
            errand.given_up(entry, str(error))
            raise no_way_to(target, error) from error
        with folder:
            landed, lost = _arrive(errand, entry, original, folder, target)
            original.make_movable()
            problem = _Crossing(errand, entry, original, folder, landed, keeper).let_go()
            if problem is not None:
                errand.given_up(entry, problem.detail)
                raise problem
        how = f"copy ({', '.join(lost)} not kept)" if lost else "copy"
        errand.done(entry, how, lies=target, landed=landed, made=made)


def _intent(
    errand: Errand, original: Sighting, target: Spot, keeper: Sighting | None, freed: int
) -> Intent:
    return Intent(
        operation="copy",
        action=errand.action,
        file=errand.file,
        source=original.spot,
        seen=original.seen,
        root_inode=errand.places.root_inode(original.spot.root),
        target=target,
        private=private_name(),
        arriving=private_name(),
        other=None if keeper is None else keeper.spot,
        other_seen=None if keeper is None else keeper.seen,
        makes=errand.places.missing(target.root, target.folder),
        freed=freed,
    )


def _arrive(
    errand: Errand, entry: Entry, original: Sighting, folder: Folder, target: Spot
) -> tuple[Identity, tuple[str, ...]]:
    """Put a verified copy under the target's name; on failure leave nothing behind."""
    name = entry.intent.arriving or private_name()
    try:
        landed, lost = duplicate(original, folder, name, stop=errand.stop)
        try:
            folder.move(name, folder, target.name)
            folder.sync()
        except OSError:
            _remove_own(folder, name, landed)
            _remove_own(folder, target.name, landed)
            raise
    except (OSError, FileError, CancelledError) as error:
        errand.given_up(entry, str(error))
        if isinstance(error, OSError) and not isinstance(error, FileExistsError):
            doing = f"{shown(original.spot.path)} cannot be copied to the other device"
            raise refused(error, doing=doing) from error
        raise
    return landed, lost


@dataclass(frozen=True, slots=True)
class _Crossing:
    """A whole copy at the target, and the original that may now be let go."""

    errand: Errand
    entry: Entry
    original: Sighting
    folder: Folder
    landed: Identity
    keeper: Sighting | None

    def let_go(self) -> FileError | None:
        """Remove the original, or return why it stays; then the copy is gone again."""
        home, place = self.original.folder, self.original.spot
        private = self.entry.intent.private or private_name()
        try:
            home.move(place.name, home, private)
        except OSError as error:
            self._remove_copy()
            return refused(error, doing=f"{shown(place.path)} cannot be taken from its folder")
        problem = self._what_went_wrong(private)
        if problem is None:
            try:
                home.remove_for_good(private)
            except OSError as error:
                problem = refused(error, doing=f"{shown(place.path)} cannot be removed")
        try:
            if problem is not None:
                put_back(home, private, home, place)
                self._remove_copy()
            home.sync()
        except OSError as error:
            unfinished(self.entry, error)
        return problem

    def _what_went_wrong(self, private: str) -> FileError | None:
        original, target = self.original, self._target
        try:
            found, copy = original.folder.look(private), self.folder.look(target.name)
            if found is None or identity(found) != original.seen:
                detail = f"{shown(original.spot.path)} was replaced while it was copied. It stays."
                return FileError("FILE_CHANGED", detail)
            if copy is None or identity(copy) != self.landed:
                detail = f"The copy of {shown(original.spot.path)} was touched. It stays."
                return FileError("FILE_CHANGED", detail)
            self.errand.places.confirm_inside(self.folder, target)
            self.errand.places.confirm_inside(original.folder, original.spot)
            if self.keeper is not None:
                self.keeper.confirm_name(self.errand.places)
        except FileError as error:
            return error
        except OSError as error:
            return refused(error, doing=f"{shown(original.spot.path)} cannot be looked at again")
        return None

    @property
    def _target(self) -> Spot:
        return self.entry.intent.target or self.original.spot

    def _remove_copy(self) -> None:
        try:
            _remove_own(self.folder, self._target.name, self.landed)
        except OSError as error:
            unfinished(self.entry, error)


def _remove_own(folder: Folder, name: str, landed: Identity) -> None:
    """Remove a copy of our own making, if the name still shows it."""
    found = folder.look(name)
    if found is not None and identity(found) == landed:
        folder.remove_for_good(name)
