"""Hashes of a file's bytes: of all of them, of its two ends, and of its encoded streams alone."""

import hashlib
import os
from io import FileIO

from autodedup.engine.media.frames import Progress
from autodedup.engine.media.reading import Seen, opened

EDGE_BYTES = 64 * 1024
_CHUNK_BYTES = 1024 * 1024


def sha256(path: str, expected: Seen | None = None, report: Progress | None = None) -> bytes:
    """Return the SHA-256 of all bytes; `report` is told the MB read so far.

    Raises:
        FileError: The file cannot be read or is not the expected one.
    """
    digest = hashlib.sha256()
    with opened(path, expected) as file:
        done = 0
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            if report is not None:
                report(done / 1e6)
    return digest.digest()


def edge_hash(path: str | os.PathLike[str], *, size: int, mtime_ns: int) -> bytes:
    """Return the SHA-256 of the size (8 bytes, little-endian), the first and the last 64 KiB.

    The file has to be of the given size and time. A file shorter than both ends together is
    hashed whole, none of it twice.

    Raises:
        FileError: The file cannot be read or is not the expected one.
    """
    digest = hashlib.sha256()
    with opened(os.fspath(path), Seen(size, mtime_ns)) as file:
        digest.update(size.to_bytes(8, "little"))
        digest.update(_exactly(file, min(EDGE_BYTES, size)))
        file.seek(max(size - EDGE_BYTES, min(EDGE_BYTES, size)))
        digest.update(_exactly(file, EDGE_BYTES))
    return digest.digest()


def _exactly(file: FileIO, count: int) -> bytes:
    """Read a number of bytes, fewer only at the end: one call may give less than it is asked."""
    parts = []
    while count > 0 and (part := file.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
