"""Looking at a file again, just before acting on it: is it still the one that was judged?"""

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from autodedup.engine.apply.faults import refused
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.places import Places
from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Identity, Spot
from autodedup.schemas.errors import FileCode
from autodedup.schemas.plan import Witness

Role = Literal["file", "keeper"]
_CHANGED: dict[Role, FileCode] = {"file": "FILE_CHANGED", "keeper": "KEEPER_CHANGED"}
_VANISHED: dict[Role, FileCode] = {"file": "FILE_VANISHED", "keeper": "KEEPER_VANISHED"}
_CHUNK = 1 << 20


def identity(found: os.stat_result) -> Identity:
    """Return what tells this file from another."""
    return Identity(found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def promised(witness: Witness) -> Identity:
    """Return what the plan saw."""
    return Identity(witness.device, witness.inode, witness.size, witness.mtime_ns)


def spot_of(witness: Witness) -> Spot:
    """Return where the plan saw it."""
    return Spot(witness.root, witness.path)


def is_same(found: os.stat_result | None, expected: Identity) -> bool:
    """Return whether this is the expected file, also after its disk was mounted elsewhere.

    A device has another number then, and inode numbers mean something only on their device.
    """
    if found is None or not stat.S_ISREG(found.st_mode):
        return False
    now = identity(found)
    unchanged = (now.size, now.mtime_ns) == (expected.size, expected.mtime_ns)
    return unchanged and (now.inode == expected.inode or now.device != expected.device)


class Sighting:
    """A file that was opened and found to be the one expected; it stays open over the step."""

    def __init__(self, folder: Folder, spot: Spot, descriptor: int, role: Role) -> None:
        self.folder = folder
        self.spot = spot
        self.role: Role = role
        self.descriptor = descriptor
        found = os.fstat(descriptor)
        self.seen = identity(found)
        self.names = found.st_nlink
        self.is_open = True

    def close(self) -> None:
        """Let go of the file."""
        if self.is_open:
            os.close(self.descriptor)
            self.is_open = False

    def make_movable(self) -> None:
        """Let go of the file where the system renames no open files; its name is looked at."""
        if not self.folder.moves_open_files:
            self.close()

    def confirm(self, expected: Identity) -> None:
        """Stop unless the open file is what is expected.

        Raises:
            FileError: It differs in device, inode, size or time of change.
        """
        now = identity(os.fstat(self.descriptor))
        for fact in ("device", "inode", "size", "mtime_ns"):
            was, found = getattr(expected, fact), getattr(now, fact)
            if was != found:
                raise FileError(
                    _CHANGED[self.role],
                    f"{shown(self.spot.path)} changed after the plan was made: {fact} was {was}, "
                    f"now {found}. It was left alone.",
                )

    def confirm_name(self, places: Places) -> None:
        """Stop unless the name, reached anew from the root, still shows this file unchanged.

        Raises:
            FileError: It shows another file, or none.
        """
        try:
            found = places.look(self.spot)
        except OSError as error:
            raise _not_reached(error, self.spot, self.role) from error
        if found is None:
            raise FileError(
                _VANISHED[self.role],
                f"{shown(self.spot.path)} was taken away meanwhile. Nothing was removed for it.",
            )
        if identity(found) != self.seen:
            raise FileError(
                _CHANGED[self.role],
                f"{shown(self.spot.path)} was changed meanwhile. Nothing was removed for it.",
            )


@contextmanager
def look_at(
    places: Places, spot: Spot, expected: Identity | None, role: Role = "file"
) -> Iterator[Sighting]:
    """Open a file without following links and hold it, if it is the one expected.

    Raises:
        FileError: It is gone, replaced, changed, or closed to us.
    """
    try:
        folder = places.open(spot.root, spot.folder)
    except OSError as error:
        raise _not_reached(error, spot, role) from error
    with folder:
        try:
            descriptor = folder.open_file(spot.name)
        except OSError as error:
            raise _not_reached(error, spot, role) from error
        sighting = Sighting(folder, spot, descriptor, role)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise FileError(
                    _CHANGED[role], f"{shown(spot.path)} is no regular file. It was left alone."
                )
            if expected is not None:
                sighting.confirm(expected)
            yield sighting
        finally:
            sighting.close()


def confirm_same_bytes(one: Sighting, other: Sighting, stop: threading.Event) -> None:
    """Compare two open files byte for byte.

    Raises:
        FileError: They differ; the one that was to be let go is not a copy.
        CancelledError: `stop` was set before the end was reached.
    """
    for descriptor in (one.descriptor, other.descriptor):
        os.lseek(descriptor, 0, os.SEEK_SET)
    while True:
        if stop.is_set():
            raise CancelledError("Stopped while comparing; nothing was done to this file.")
        left, right = read_fully(one.descriptor), read_fully(other.descriptor)
        if left != right:
            raise FileError(
                "FILE_CHANGED",
                f"{shown(one.spot.path)} and {shown(other.spot.path)} were planned as exact "
                "copies, but their bytes differ. Both were left alone.",
            )
        if not left:
            return


def read_fully(descriptor: int, size: int = _CHUNK) -> bytes:
    """Read `size` bytes from here, fewer only at the end of the file."""
    parts: list[bytes] = []
    while size:
        part = os.read(descriptor, size)
        if not part:
            break
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _not_reached(error: OSError, spot: Spot, role: Role) -> FileError:
    problem = refused(error, doing=f"{shown(spot.path)} cannot be opened")
    if problem.code == "FILE_VANISHED":
        detail = f"{shown(spot.path)} is no longer there. Nothing was done in its place."
        return FileError(_VANISHED[role], detail)
    if problem.code == "FILE_CHANGED":
        detail = f"{shown(spot.path)} is, or lies behind, a link now. It was left alone."
        return FileError(_CHANGED[role], detail)
    return problem
