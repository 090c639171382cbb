"""What a file carries beside its bytes: mode, owner, times and extended attributes."""

import os
from collections.abc import Callable

from autodedup.engine.store.journal import Attributes

# Elsewhere (Windows) times are set by name, once the file is closed.
SETS_TIMES_OF_OPEN_FILES = os.utime in os.supports_fd


def attributes_of(descriptor: int) -> Attributes:
    """Return what an open file carries."""
    found = os.fstat(descriptor)
    return Attributes(
        mode=found.st_mode & 0o7777,
        uid=found.st_uid,
        gid=found.st_gid,
        atime_ns=found.st_atime_ns,
        mtime_ns=found.st_mtime_ns,
        xattrs=_extended(descriptor),
    )


def put_on(descriptor: int, wanted: Attributes) -> tuple[str, ...]:
    """Give an open file these attributes and return the names of those it could not take.

    The owner can be kept only by an administrator, and some extended attributes only by the
    kernel; neither is a reason to keep a file from its place. The time of change is, and
    raises OSError when it cannot be set.
    """
    attempts: list[tuple[str, Callable[[], None]]] = []
    if hasattr(os, "fchown"):
        attempts.append(("owner", lambda: os.fchown(descriptor, wanted.uid, wanted.gid)))
    if hasattr(os, "fchmod"):  # after the owner: changing that clears the set-id bits
        attempts.append(("mode", lambda: os.fchmod(descriptor, wanted.mode)))
    if hasattr(os, "setxattr"):
        for name, value in wanted.xattrs:
            attempts.append((name, _setter(descriptor, name, bytes.fromhex(value))))
    lost = tuple(name for name, attempt in attempts if not _succeeds(attempt))
    if SETS_TIMES_OF_OPEN_FILES:
        os.utime(descriptor, ns=(wanted.atime_ns, wanted.mtime_ns))
    return lost


def _extended(descriptor: int) -> tuple[tuple[str, str], ...]:
    if not hasattr(os, "listxattr"):
        return ()
    try:
        names = os.listxattr(descriptor)
    except OSError:
        return ()  # the file system has none
    return tuple((name, os.getxattr(descriptor, name).hex()) for name in sorted(names))


def _setter(descriptor: int, name: str, value: bytes) -> Callable[[], None]:
    return lambda: os.setxattr(descriptor, name, value)


def _succeeds(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True
