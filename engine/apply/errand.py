"""On whose behalf a step is taken, with what, and how its entry in the journal is ended."""

import secrets
import threading
from dataclasses import dataclass
from typing import NoReturn

from autodedup.engine.apply.places import Places
from autodedup.engine.errors import ApplyUnfinishedError
from autodedup.engine.names import shown
from autodedup.engine.store import fates, journal
from autodedup.engine.store.database import Database
from autodedup.engine.store.journal import Direction, Entry, Identity, Intent, Report, Spot
from autodedup.schemas.vocabulary import ActionKind

# Names that begin so are ours for the length of one step; recovery clears them up.
PRIVATE = ".autodedup-"


@dataclass(frozen=True, slots=True)
class Errand:
    """One action of a plan on its way: forth, back, or out of the trash for good."""

    db: Database
    places: Places
    plan: int
    n: int
    direction: Direction
    action: ActionKind
    file: str
    stop: threading.Event

    def intend(self, intent: Intent) -> Entry:
        """Write the step down; it is on disk when this returns."""
        return journal.intend(self.db, self.plan, self.n, self.direction, intent)

    def done(
        self,
        entry: Entry,
        how: str,
        *,
        lies: Spot | None,
        landed: Identity | None,
        made: tuple[str, ...] = (),
    ) -> None:
        """Write down that the step is done, and what follows from it."""
        report = Report(f"{how}, {self.places.means}", lies=lies, landed=landed, made=made)
        fates.record_done(self.db, entry, report)

    def given_up(self, entry: Entry, why: str, *, lies: Spot | None = None) -> None:
        """Write down that the file is where it was, and remove folders made for nothing."""
        if entry.intent.target is not None:
            remove_empty_folders(self.places, entry.intent.target.root, entry.intent.makes)
        report = Report(self.places.means, lies=lies or entry.intent.source, why=why)
        fates.record_not_done(self.db, entry, "rolled_back", report)


def private_name() -> str:
    """Return a name that nobody else has thought of."""
    return f"{PRIVATE}{secrets.token_hex(8)}"


def remove_empty_folders(places: Places, root: int, folders: tuple[str, ...]) -> None:
    """Remove those of these folders that are empty, the deepest first."""
    for path in sorted(folders, key=lambda path: path.count("/"), reverse=True):
        spot = Spot(root, path)
        try:
            with places.open(root, spot.folder) as outer:
                outer.remove_folder(spot.name)
        except OSError:
            continue  # gone, in use, or not ours any more: an empty folder harms nobody


def tidy_above(places: Places, left: Spot, made: frozenset[Spot]) -> None:
    """Remove the folders above a place that was left, if they are empty and of our making."""
    parts = left.path.split("/")[:-1]
    above = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    ours = tuple(path for path in above if Spot(left.root, path) in made)
    remove_empty_folders(places, left.root, ours)


def unfinished(entry: Entry, error: Exception) -> NoReturn:
    """Stop the call: this step has begun, and the disk does not let us end it either way.

    Raises:
        ApplyUnfinishedError: Always; recovery decides once the disk answers again.
    """
    source = shown(entry.intent.source.path)
    places = [source]
    if entry.intent.target is not None:
        places.append(shown(entry.intent.target.path))
    raise ApplyUnfinishedError(
        f"A step on {source} could neither be finished nor taken back: {error}. "
        f"The file is at one of: {', '.join(places)}.",
        hint="Mend the disk (space, cable, permissions, mount) and start the server again.",
        details={"plan": f"p{entry.plan}", "n": entry.n, "file": entry.intent.file},
    ) from error
