"""A second, verified copy of a file: on disk, read again, with all that the first carries."""

import os
import threading

from autodedup.engine.apply.attributes import SETS_TIMES_OF_OPEN_FILES, attributes_of, put_on
from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.reflink import clone
from autodedup.engine.apply.witness import Sighting, identity, read_fully
from autodedup.engine.errors import CancelledError, FileError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Attributes, Identity


def duplicate(
    original: Sighting,
    folder: Folder,
    name: str,
    *,
    stop: threading.Event,
    attributes: Attributes | None = None,
) -> tuple[Identity, tuple[str, ...]]:
    """Copy an open file to a free name and return the copy's identity and what it could not take.

    The copy carries `attributes`, by default those of the original. Where the file system can,
    the two share their blocks. Nothing is left under the name if this fails.

    Raises:
        FileError: The original changed while it was copied, or the copy reads differently.
        CancelledError: `stop` was set.
        OSError: The disk refuses; FileExistsError when the name is taken.
    """
    wanted = attributes or attributes_of(original.descriptor)
    descriptor = folder.create_file(name)
    try:
        try:
            if not clone(original.descriptor, descriptor):
                _copy(original.descriptor, descriptor, stop)
            os.fsync(descriptor)
            _forget_cached(descriptor)
            _confirm_copied(original, descriptor, stop)
            lost = put_on(descriptor, wanted)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not SETS_TIMES_OF_OPEN_FILES:
            folder.set_times(name, wanted.atime_ns, wanted.mtime_ns)
    except (OSError, FileError, CancelledError):
        folder.remove_for_good(name)
        raise
    landed = folder.look(name)
    if landed is None:
        raise FileError("FILE_CHANGED", f"The copy of {shown(original.spot.path)} is gone.")
    return identity(landed), lost


def _copy(source: int, target: int, stop: threading.Event) -> None:
    os.lseek(source, 0, os.SEEK_SET)
    while chunk := read_fully(source):
        if stop.is_set():
            raise CancelledError("Stopped while copying; the file was left where it was.")
        view = memoryview(chunk)
        while view:
            view = view[os.write(target, view) :]


def _confirm_copied(original: Sighting, copy: int, stop: threading.Event) -> None:
    os.lseek(original.descriptor, 0, os.SEEK_SET)
    os.lseek(copy, 0, os.SEEK_SET)
    while True:
        if stop.is_set():
            raise CancelledError("Stopped while verifying; the file was left where it was.")
        left, right = read_fully(original.descriptor), read_fully(copy)
        if left != right:
            detail = f"The copy of {shown(original.spot.path)} reads differently. It stays."
            raise FileError("FILE_CHANGED", detail)
        if not left:
            break
    original.confirm(original.seen)


def _forget_cached(descriptor: int) -> None:
    """Ask the system to read the copy from the disk, not from memory, when it is verified."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
