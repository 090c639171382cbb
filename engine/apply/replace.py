"""Putting something else under a file's name, so that at no instant the name is missing.

1. the caller has looked at the file and holds it open;
2. write the intent to the journal, and wait until it is on disk;
3. make the new contents under a private name in the same folder, and look at them;
4. exchange the two names, which is one atomic step and overwrites nothing;
5. look at both names, at the folder and at the keeper; if anything differs, exchange them back;
6. take the old contents away, which only now have no name of the user's; look at the keeper
   once more; sync; write the outcome.

Where two names cannot be exchanged the step is refused: a plain rename would overwrite whatever
another program put there in the last instant.

Removing the old contents in step 6 is right although undo must be able to bring them back: they
were compared byte for byte with the keeper's, so the keeper holds them. What the keeper does not
hold (mode, owner, times, attributes) is in the intent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from autodedup.engine.apply.attributes import attributes_of
from autodedup.engine.apply.errand import Errand, private_name, unfinished
from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.last_look import remove_then_look
from autodedup.engine.apply.linking import make_link
from autodedup.engine.apply.put_back import put_back
from autodedup.engine.apply.witness import Sighting, identity
from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.names import shown
from autodedup.engine.store import plans
from autodedup.engine.store.journal import Entry, Identity, Intent, Spot


def replace_by_link(errand: Errand, victim: Sighting, keeper: Sighting, *, freed: int) -> None:
    """Let a file's name lead to the keeper's contents instead of to a copy of its own.

    Raises:
        FileError: The file was left as it was, or put back.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    one_file = (victim.seen.device, victim.seen.inode) == (keeper.seen.device, keeper.seen.inode)
    if one_file and errand.action == "hardlink":
        with errand.db.atomic() as connection:
            plans.set_action(connection, errand.plan, errand.n, "done")
        return
    intent = Intent(
        operation="swap",
        action=errand.action,
        file=errand.file,
        source=victim.spot,
        seen=victim.seen,
        root_inode=errand.places.root_inode(victim.spot.root),
        private=private_name(),
        other=keeper.spot,
        other_seen=keeper.seen,
        attributes=attributes_of(victim.descriptor),
        freed=freed,
    )
    put_in_place(
        errand,
        intent,
        victim.folder,
        make=lambda name: make_link(errand.action, victim, keeper, name),
        confirm=lambda: keeper.confirm_name(errand.places),
        old=victim,
    )


def put_in_place(
    errand: Errand,
    intent: Intent,
    home: Folder,
    *,
    make: Callable[[str], Identity],
    confirm: Callable[[], None],
    old: Sighting | None = None,
) -> None:
    """Exchange a name's contents for what `make` puts under the private name.

    `make` leaves nothing behind when it fails; `confirm` looks at what else has to hold. `old`
    is the file that is let go, held open; None when it holds nothing of its own.

    Raises:
        FileError: The name shows what it showed before.
        ApplyUnfinishedError: The disk failed in mid-step; recovery will decide.
    """
    private, place = intent.private or private_name(), intent.source
    entry = errand.intend(intent)
    try:
        new = make(private)
    except (OSError, FileError, CancelledError) as error:
        errand.given_up(entry, str(error))
        if isinstance(error, OSError):
            raise refused(error, doing=f"{shown(place.path)} cannot be replaced") from error
        raise
    problem = _Swap(errand, entry, home, private, new, old, confirm).carry_out()
    if problem is not None:
        errand.given_up(entry, problem.detail)
        raise problem
    errand.done(entry, "exchange", lies=place, landed=new)


@dataclass(frozen=True, slots=True)
class _Swap:
    """New contents under a private name, about to trade places with the old."""

    errand: Errand
    entry: Entry
    home: Folder
    private: str
    new: Identity
    old: Sighting | None
    confirm: Callable[[], None]

    @property
    def place(self) -> Spot:
        return self.entry.intent.source

    def carry_out(self) -> FileError | None:
        """Exchange, look, and let the old contents go; or return why all is as it was."""
        try:
            self.home.exchange(self.private, self.place.name)
        except OSError as error:
            self._clear_private()
            return refused(error, doing=f"{shown(self.place.path)} cannot be replaced")
        problem = self._what_went_wrong()
        try:
            if problem is None:
                problem = remove_then_look(self.old, self.home, self.private, self.confirm)
            if problem is not None:
                self._exchange_back()
            self.home.sync()
        except (OSError, FileError) as error:
            unfinished(self.entry, error)
        return problem

    def _what_went_wrong(self) -> FileError | None:
        try:
            now, old = self.home.look(self.place.name), self.home.look(self.private)
            arrived = now is not None and identity(now) == self.new
            if not arrived or old is None or identity(old) != self.entry.intent.seen:
                detail = f"{shown(self.place.path)} was replaced in the last instant. It stays."
                return FileError("FILE_CHANGED", detail)
            self.errand.places.confirm_inside(self.home, self.place)
            self.confirm()
            # The exchange is on disk before the old contents are let go.
            self.home.sync()
        except FileError as error:
            return error
        except OSError as error:
            return refused(error, doing=f"{shown(self.place.path)} cannot be looked at again")
        return None

    def _exchange_back(self) -> None:
        try:
            self.home.exchange(self.private, self.place.name)
        except FileNotFoundError:  # the new contents are gone: the old ones take their place
            put_back(self.home, self.private, self.home, self.place)
        else:
            self._clear_private()

    def _clear_private(self) -> None:
        """Remove the new contents from the private name; anything else gets a proper name."""
        try:
            found = self.home.look(self.private)
            if found is None:
                return
            if (found.st_dev, found.st_ino) == (self.new.device, self.new.inode):
                self.home.remove_for_good(self.private)
            else:
                put_back(self.home, self.private, self.home, self.place)
        except OSError as error:
            unfinished(self.entry, error)
