"""What changed on disk since the state was last brought up to date.

A file is unchanged if its size and modification time are what they were. Nearly every file is:
what was recorded and what the walk meets are compared as whole tuples, and the row of a file is
read only where they differ. One that appears while another of the same identity (device, inode,
size, time) has vanished was moved, and keeps what is known of it. A root that cannot be read stops
the scan: nothing is missing because a disk is. Nor is what lay below a folder that is now empty and
was another disk's: there it was mounted.
"""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import apsw

from autodedup.engine.errors import CancelledError, InvalidArgumentError, PathNotFoundError
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.ingest.unmounted import left_behind, places_above
from autodedup.engine.managed import is_managed
from autodedup.engine.media.walk import Empty, Found, walk
from autodedup.engine.names import from_bytes, shown, to_bytes
from autodedup.engine.roots import Place, Roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, generation
from autodedup.engine.store.database import Database
from autodedup.engine.store.files import FileRow, Standing, Stat

BATCH = 500  # rows written in one transaction
TOLD_EVERY = 500  # files that are met between two words on how many there are


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the library a scan covers."""

    places: tuple[Place, ...]
    recursive: bool

    def covers(self, root_id: int, path: str) -> bool:
        """Return whether a file at this place would be seen by the walk, were it there."""
        return any(
            place.root.id == root_id and self._under(place.relative, path) for place in self.places
        )

    def _under(self, folder: str, path: str) -> bool:
        if path == folder:
            return True
        if folder and not path.startswith(folder + "/"):
            return False
        inside = path[len(folder) + 1 :] if folder else path
        return self.recursive or "/" not in inside


def scope_of(roots: Roots, paths: Sequence[str] | None, *, recursive: bool) -> Scope:
    """Return the scope that path arguments name; every root when there are none.

    Raises:
        InvalidArgumentError: One leads into a folder of ours: what lies there was set aside.
        AutoDedupError: One is not there, or outside the library.
    """
    places = (
        tuple(Place(root, "") for root in roots.all)
        if paths is None
        else tuple(roots.locate(path) for path in paths)
    )
    for place in places:
        if is_managed(place.relative):
            raise InvalidArgumentError(
                f"{shown(place.relative)} is where AutoDedup sets files aside; it is not ingested.",
                hint="Name the folders in which videos are kept; undo_plan brings files back.",
            )
    return Scope(places, recursive)


class Scan:
    """One comparison of the disk with the state."""

    def __init__(
        self, db: Database, roots: Roots, settings: Settings, scope: Scope, tally: Tally
    ) -> None:
        self._db, self._roots, self._settings = db, roots, settings
        self._scope, self._tally = scope, tally
        self._unread: set[tuple[int, str]] = set()
        self._empty: dict[tuple[int, str], int] = {}  # folders and the devices that they are on

    def run(self, stop: threading.Event) -> None:
        """Bring the table of files up to date with the disk.

        Raises:
            PathNotFoundError: A root or folder of the scope cannot be read, or a root is empty
                because its disk is not mounted; nothing was recorded.
            CancelledError: `stop` was set; what was recorded stays.
        """
        standing = files.standing(self._db)
        met = self._differing(standing, stop)
        with self._db.read():  # one state of the table for both questions
            rows = {(row.root_id, row.path): row for row in self._rows(met)}
            unmet = (
                (root_id, name)
                for root_id, name, *_ in standing
                if (root_id, from_bytes(name)) not in met
                and self._scope.covers(root_id, from_bytes(name))
            )
            gone = [row for row in files.in_places(self._db, unmet) if self._is_gone(row)]
        new = [(*place, stat) for place, stat in met.items() if place not in rows]
        changed = []
        for place, row in rows.items():
            if row.stat == met[place] and row.status not in files.GONE:
                self._tally.count("unchanged")  # met a second time: the scope names it twice
            else:
                changed.append((row, met[place]))
        self._write(new, changed, self._without_the_unmounted(gone))

    def _rows(self, places: Iterable[tuple[int, str]]) -> Iterator[FileRow]:
        return files.in_places(self._db, ((root_id, to_bytes(path)) for root_id, path in places))

    def _differing(
        self, standing: set[Standing], stop: threading.Event
    ) -> dict[tuple[int, str], Stat]:
        """Walk, take what is as recorded out of `standing`, and return the rest of what was met."""
        met: dict[tuple[int, str], Stat] = {}
        unchanged = seen = 0
        for root_id, found in self._walk(stop):
            path, size, mtime_ns, device, inode = found
            known = (root_id, to_bytes(path), size, mtime_ns, device, inode)
            if known in standing:
                standing.remove(known)
                unchanged += 1
            else:
                met[root_id, path] = Stat(size, mtime_ns, device, inode)
            seen += 1
            if seen % TOLD_EVERY == 0:
                self._tally.count("seen", TOLD_EVERY)
        self._tally.count("seen", seen % TOLD_EVERY)
        self._tally.count("unchanged", unchanged)
        return met

    def _walk(self, stop: threading.Event) -> Iterator[tuple[int, Found]]:
        for place in self._scope.places:
            for found in walk(
                place.root.path,
                place.relative,
                extensions=self._settings.extensions,
                recursive=self._scope.recursive,
            ):
                if stop.is_set():
                    raise CancelledError("The scan was stopped; what was recorded is kept.")
                if isinstance(found, Found):
                    yield place.root.id, found
                elif isinstance(found, Empty):
                    self._empty[place.root.id, found.path] = found.device
                else:
                    self._tally.count("ignored", found.count)
                    if found.why is not None:
                        self._unread.add((place.root.id, found.path))
                        self._tally.note(
                            f"{self._roots.shown(place.root.id, found.path)}: {found.why}"
                        )

    def _is_gone(self, row: FileRow) -> bool:
        """Return whether a file that stands in the scope, and was not met, is gone for us.

        Folders we made ourselves are not walked; what we put there is looked up by name.
        """
        if self._may_be_there(row):
            return False
        if not is_managed(row.path):
            return True
        try:
            self._roots.absolute(row.root_id, row.path).lstat()
        except OSError:
            return True
        return False

    def _may_be_there(self, row: FileRow) -> bool:
        """Return whether the file lies where the walk could not look."""
        return any((row.root_id, place) in self._unread for place in places_above(row.path))

    def _without_the_unmounted(self, gone: Sequence[FileRow]) -> Sequence[FileRow]:
        """Return the files that are gone, without those that lie on a disk that is not mounted.

        Raises:
            PathNotFoundError: That disk is a root.
        """
        away = left_behind(self._db, gone, self._empty)
        for (root_id, folder), rows in away.items():
            where = self._roots.shown(root_id, folder) if folder else ""
            if not folder:
                where = shown(os.fspath(self._roots.by_id(root_id).path))
                raise PathNotFoundError(
                    f"The library folder {where} is empty, and the {len(rows)} files known in it "
                    "lay on another disk; nothing was read or marked missing.",
                    hint="Mount the disk. If it was emptied on purpose, put any file there and "
                    "call ingest again.",
                    details={"root": where},
                )
            self._tally.note(
                f"{where} is empty, and the {len(rows)} files known in it lay on another disk, "
                "which seems not to be mounted: they were not marked missing. If it was emptied "
                "on purpose, remove the folder."
            )
        lost = {row.id for rows in away.values() for row in rows}
        return [row for row in gone if row.id not in lost]

    def _write(
        self,
        new: Sequence[tuple[int, str, Stat]],
        changed: Sequence[tuple[FileRow, Stat]],
        gone: Sequence[FileRow],
    ) -> None:
        vanished = {_identity(row.stat): row for row in gone}
        if new:
            vanished |= {
                _identity(row.stat): row for row in files.select(self._db, "status = 'MISSING'")
            }
        moved: set[int] = set()
        for start in range(0, len(new), BATCH):
            with self._db.atomic() as connection:
                for root_id, path, stat in new[start : start + BATCH]:
                    former = vanished.pop(_identity(stat), None)
                    if former is None:
                        files.add(connection, root_id, path, stat)
                        self._tally.count("new")
                    else:
                        files.relocate(connection, former.id, root_id, path, stat)
                        moved.add(former.id)
                        self._tally.count("moved")
        for first in range(0, len(changed), BATCH):
            with self._db.atomic() as connection:
                for row, stat in changed[first : first + BATCH]:
                    self._write_changed(connection, row, stat)
        missing = [row.id for row in gone if row.id not in moved]
        with self._db.atomic() as connection:
            files.mark_missing(connection, missing)
            self._tally.count("missing", len(missing))
            if new or changed or gone:
                generation.advance(connection)

    def _write_changed(self, connection: apsw.Connection, row: FileRow, stat: Stat) -> None:
        if not _same(row.stat, stat):
            files.reset(connection, row.id, stat)
            self._tally.count("changed")
        elif row.status in files.GONE:
            files.come_back(connection, row.id, stat)
            self._tally.count("moved")
        else:
            files.renumber(connection, row.id, stat)
            self._tally.count("unchanged")


def _same(a: Stat, b: Stat) -> bool:
    return (a.size, a.mtime_ns) == (b.size, b.mtime_ns)


def _identity(stat: Stat) -> tuple[int, int, int, int]:
    return (stat.device, stat.inode, stat.size, stat.mtime_ns)
