"""Stopping the machine between any two calls that change the disk.

Every such call of the engine is wrapped; `strike(n)` is called before and after each. Also here:
stand-ins for what the test machine's file system lacks (shared blocks, a second device).
"""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from autodedup.engine.apply import renames
from autodedup.engine.apply.renames import Address

CHANGING = (
    "link", "unlink", "mkdir", "rmdir", "symlink", "rename", "fsync", "utime", "fchmod", "write",
)  # fmt: skip
ACROSS = "across"  # names with this word in them cannot be renamed into another folder


class PowerCut(BaseException):  # not an error: nothing may handle it
    """The machine stopped."""


@contextmanager
def struck(strike: Callable[[int], None]) -> Iterator[None]:
    """Call `strike` with a rising number before and after every call that changes the disk."""
    count = 0

    def boundary() -> None:
        nonlocal count
        count += 1
        strike(count)

    def wrapped(call: Callable[..., object]) -> Callable[..., object]:
        def around(*args: object, **kwargs: object) -> object:
            boundary()
            result = call(*args, **kwargs)
            boundary()
            return result

        return around

    originals = {name: getattr(os, name) for name in CHANGING}
    system = renames.system_rename
    means = system()
    try:
        for name, call in originals.items():
            setattr(os, name, wrapped(call))
        if means is not None:
            rename = wrapped(means[1])
            renames.system_rename = lambda: (means[0], rename)
        yield
    finally:
        for name, call in originals.items():
            setattr(os, name, call)
        renames.system_rename = system


def cut_at(instant: int) -> Callable[[int], None]:
    """Return a strike that stops the machine at a boundary, and lets nothing happen after it."""

    def strike(count: int) -> None:
        if count >= instant:
            raise PowerCut

    return strike


@contextmanager
def two_devices() -> Iterator[None]:
    """Refuse to rename files with `ACROSS` in their name into another folder."""
    system = renames.system_rename
    means = system()
    if means is None:
        yield
        return

    def call(source: Address, target: Address, flags: int) -> None:
        if ACROSS in source[0] + target[0] and source[1] != target[1]:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        means[1](source, target, flags)

    renames.system_rename = lambda: (means[0], call)
    try:
        yield
    finally:
        renames.system_rename = system


@contextmanager
def shared_blocks() -> Iterator[None]:
    """Answer FICLONE as a file system does that can share blocks: all of the bytes, at once."""
    original = fcntl.ioctl

    def ioctl(descriptor: int, request: int, argument: int) -> int:
        os.ftruncate(descriptor, 0)
        size = os.fstat(argument).st_size
        os.pwrite(descriptor, os.pread(argument, size, 0), 0)
        return 0

    fcntl.ioctl = ioctl
    try:
        yield
    finally:
        fcntl.ioctl = original
