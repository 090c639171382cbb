"""Opening one file of the library to read it, and noticing when it is not the file that was seen.

A file is read through one descriptor from the first byte to the last, so that what is decoded,
hashed and checked is one and the same file, whatever happens to its name meanwhile.
"""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO

from autodedup.engine.errors import FileError

# Not following a last link, and not waiting for a writer when the name turns out to be a pipe.
# Windows has neither flag, nor pipes among files, and needs to be told that bytes are bytes.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file was when it was last looked at. Size in bytes; time in ns since 1970.

    Device and inode are None where they are not known; with them, a folder that was swapped
    for a link to somewhere else is noticed before a byte is read.
    """

    size: int
    mtime_ns: int
    device: int | None = None
    inode: int | None = None

    @classmethod
    def of(cls, status: os.stat_result) -> "Seen":
        """Return the part of a stat that tells one file, and one state of it, from another."""
        return cls(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


@contextmanager
def opened(path: str, expected: Seen | None = None) -> Iterator[FileIO]:
    """Open a regular file, and see before and after that it is, and stays, the expected one.

    Without `expected` the file only has to stay what it was when it was opened.

    Raises:
        FileError: FILE_VANISHED, PERMISSION_DENIED, NOT_MEDIA (a folder, a link, a device),
            FILE_CHANGED (size, time or identity), EMPTY_FILE, DECODE_FAILED (the disk failed
            while the file was opened, or in the middle of what was done with it).
    """
    try:
        with os.fdopen(_open(path), "rb", buffering=0) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise FileError("NOT_MEDIA", "It is not a regular file.")
            seen = Seen.of(found)
            _same(expected or seen, seen)
            if seen.size == 0:
                raise FileError("EMPTY_FILE", "The file has no bytes.")
            yield file
            _same(seen, Seen.of(os.fstat(file.fileno())))
    except OSError as error:
        raise _failing(error) from error


def _open(path: str) -> int:
    try:
        return os.open(path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise FileError("FILE_VANISHED", "The file is gone.") from error
    except PermissionError as error:
        raise FileError("PERMISSION_DENIED", "The server's user may not read the file.") from error
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EISDIR, errno.ENXIO}:
            raise FileError("NOT_MEDIA", "It is a link, a folder or a device.") from error
        raise _failing(error) from error


def _failing(error: OSError) -> FileError:
    """Return what a disk that fails means for the file that was read from it."""
    if error.errno == errno.ESTALE:  # of a network disk: another file has taken the name
        return FileError("FILE_CHANGED", "The file was replaced on its server while it was read.")
    why = error.strerror or type(error).__name__
    return FileError("DECODE_FAILED", f"The disk does not give it: {why}.")


def _same(expected: Seen, found: Seen) -> None:
    for field in ("size", "mtime_ns", "device", "inode"):
        was, now = getattr(expected, field), getattr(found, field)
        if was is not None and was != now:
            raise FileError("FILE_CHANGED", f"{field} was {was} when it was seen, now {now}.")
