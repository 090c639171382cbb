"""What the disk says of an interrupted step, and the looks that every such decision needs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.places import Places
from autodedup.engine.apply.put_back import put_back
from autodedup.engine.apply.witness import identity, is_same
from autodedup.engine.errors import PathNotFoundError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Entry, Identity, Intent, Outcome, Spot


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an interrupted step ended, why, and where its file lies now."""

    outcome: Outcome
    why: str
    lies: Spot | None = None
    landed: Identity | None = None


@contextmanager
def reached(places: Places, spot: Spot) -> Iterator[Folder | None]:
    """Open the folder of a spot, or give None where it is gone or a link."""
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(places.open(spot.root, spot.folder))
        except (FileNotFoundError, NotADirectoryError):
            folder = None
        yield folder


def keeper_stands(places: Places, intent: Intent) -> bool:
    """Return whether the copy that justified the step is still there, or none was needed."""
    if intent.other is None or intent.other_seen is None:
        return True
    return is_same(places.look(intent.other), intent.other_seen)


def nothing_there(places: Places, entry: Entry) -> Verdict:
    """Return that the file is gone by another's hand, if the root is mounted to tell.

    Raises:
        PathNotFoundError: The folder at the root's path is not the library.
    """
    intent = entry.intent
    if places.root_inode(intent.source.root) != intent.root_inode:
        raise PathNotFoundError("the library's disk does not seem to be mounted")
    return Verdict("failed", "The file is gone from both places by another program's hand.")


def returned(folder: Folder, name: str, home: Folder, intent: Intent, why: str) -> Verdict:
    """Put what lies under a name back to its place, or beside it, and say so."""
    lies = put_back(folder, name, home, intent.source)
    folder.sync()
    home.sync()
    found = home.look(lies.name)
    told = why if lies == intent.source else f"{why} It lies at {shown(lies.path)}."
    return Verdict("rolled_back", told, lies, None if found is None else identity(found))
