"""Which files of a folder are videos by their name: a lazy walk that follows no link.

Links are not followed, neither to files nor to folders, so a walk stays inside its root and
cannot go in circles; other disks mounted inside are walked. What is passed over is told.
"""

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from autodedup.engine.errors import PathNotFoundError
from autodedup.engine.managed import is_managed
from autodedup.engine.names import shown


class Found(NamedTuple):  # made in a third of a dataclass's time: a library has very many
    """One video by its name. `path` is relative to the root, with `/` between folders."""

    path: str
    size: int
    mtime_ns: int
    device: int
    inode: int


@dataclass(frozen=True, slots=True)
class PassedOver:
    """Entries that are no videos (`why` is None), or one that could not be looked at."""

    path: str
    count: int
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Empty:
    """A folder without a single entry: all that a disk that is not mounted leaves behind."""

    path: str
    device: int


def walk(
    root: Path, relative: str, *, extensions: tuple[str, ...], recursive: bool = True
) -> Iterator[Found | PassedOver | Empty]:
    """Yield the videos under one folder of a root, or the one file that `relative` names.

    Entries come folder by folder in no promised order. A subfolder that vanishes or may not be
    read is told and passed over; one that is empty is told.

    Raises:
        PathNotFoundError: The root, or the place to walk, is not there, cannot be read, or stops
            being there while it is walked: nothing may be taken for missing then.
    """
    wanted = frozenset(f".{extension.lower()}" for extension in extensions)
    start = os.path.join(root, relative) if relative else os.fspath(root)  # noqa: PTH118
    before = _status(start)
    if relative and not stat.S_ISDIR(before.st_mode):
        yield _single(before, relative, wanted)
        return
    yield from _folders(start, relative, wanted, recursive=recursive)
    # A disk that was pulled out on the way leaves an empty folder of another identity behind.
    after = _status(start)
    if (before.st_dev, before.st_ino) != (after.st_dev, after.st_ino):
        raise _unreadable(start, OSError(errno.ESTALE, "it was replaced while it was read"))


def _folders(
    start: str, relative: str, wanted: frozenset[str], *, recursive: bool
) -> Iterator[Found | PassedOver | Empty]:
    waiting = [(start, relative)]
    while waiting:
        place, folder = waiting.pop()
        ignored, empty = 0, True
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    empty = False
                    path = f"{folder}/{entry.name}" if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if recursive and not is_managed(path):
                            waiting.append((entry.path, path))
                    elif _is_wanted(entry, wanted):
                        yield _found(entry, path)
                    else:
                        ignored += 1
            if empty:
                yield Empty(folder, os.lstat(place).st_dev)
        except OSError as error:
            if place == start:
                raise _unreadable(place, error) from error
            yield PassedOver(folder, 1, _reason(error))
        if ignored:
            yield PassedOver(folder, ignored)


def _is_wanted(entry: "os.DirEntry[str]", wanted: frozenset[str]) -> bool:
    # The name is judged first: it costs nothing, and most entries fail it.
    return _extension(entry.name) in wanted and entry.is_file(follow_symlinks=False)


def _extension(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return dot + extension.lower() if stem else ""


def _found(entry: "os.DirEntry[str]", path: str) -> Found | PassedOver:
    try:
        status = entry.stat(follow_symlinks=False)
        if os.name == "nt":  # a directory entry knows neither device nor inode there
            status = os.lstat(entry.path)
    except OSError as error:
        return PassedOver(path, 1, _reason(error))
    return _of(path, status)


def _single(status: os.stat_result, relative: str, wanted: frozenset[str]) -> Found | PassedOver:
    name = relative.rpartition("/")[2]
    if not stat.S_ISREG(status.st_mode) or _extension(name) not in wanted:
        return PassedOver(relative, 1)
    return _of(relative, status)


def _of(path: str, status: os.stat_result) -> Found:
    return Found(path, status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)


def _status(place: str) -> os.stat_result:
    try:
        return os.stat(place, follow_symlinks=False)  # noqa: PTH116
    except OSError as error:
        raise _unreadable(place, error) from error


def _unreadable(place: str, error: OSError) -> PathNotFoundError:
    return PathNotFoundError(
        f"{shown(place)} cannot be read: {_reason(error)}. Nothing was marked as missing.",
        details={"path": shown(place)},
    )


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
