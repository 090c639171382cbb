"""Reaching a folder of the library without ever following a link, and proving it is still there.

A path is walked from its root one component at a time; each folder is opened relative to the one
before (openat with O_NOFOLLOW), so a folder that is swapped for a link in mid-walk ends the walk.
What is then done is done relative to the open folder, wherever its name may point by then.
"""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.portable import PathFolder
from autodedup.engine.apply.renames import Address
from autodedup.engine.errors import FileError, PathNotFoundError, PathOutsideRootsError
from autodedup.engine.names import shown
from autodedup.engine.store.journal import Spot


class DescriptorFolder(Folder):
    """A folder held open: names are resolved in it, even if it is renamed meanwhile."""

    means: ClassVar[Literal["descriptors", "paths"]] = "descriptors"
    moves_open_files: ClassVar[bool] = True

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def open_root(cls, path: str) -> "DescriptorFolder":
        """Open a library folder as the operator named it."""
        return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))

    def at(self, name: str) -> Address:
        """Return the name and the descriptor of this folder."""
        return name, self._descriptor

    def enter(self, name: str) -> "DescriptorFolder":
        """Open a folder in this one; a link in its place is refused."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        return DescriptorFolder(os.open(name, flags, dir_fd=self._descriptor))

    def own_stat(self) -> os.stat_result:
        """Describe the folder itself."""
        return os.fstat(self._descriptor)

    def sync(self) -> None:
        """Wait until the names in this folder are on disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            # Some network file systems cannot sync a folder: their server keeps the names.
            if error.errno not in {errno.EINVAL, errno.EOPNOTSUPP}:
                raise

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._descriptor)


FolderKind = type[DescriptorFolder] | type[PathFolder]


def _best_kind() -> FolderKind:
    """Return the safest way to hold folders that this system has."""
    needed = {os.open, os.stat, os.mkdir, os.rmdir, os.link, os.unlink, os.symlink, os.readlink}
    can_hold = needed <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
    return DescriptorFolder if can_hold else PathFolder


BEST_KIND: FolderKind = _best_kind()


class Places:
    """The folders of a library, opened by root number and path below the root."""

    def __init__(self, roots: Mapping[int, Path], kind: FolderKind | None = None) -> None:
        self._roots = dict(roots)
        self._kind = kind or BEST_KIND

    @property
    def means(self) -> str:
        """Return how folders are held, for the journal."""
        return self._kind.means

    def open(self, root: int, path: str) -> Folder:
        """Open an existing folder; "" is the root.

        Raises:
            PathNotFoundError: The root itself is not there.
            PathOutsideRootsError: The path is no plain path below the root.
            OSError: A folder on the way is missing, a link, or closed to us.
        """
        folder = self._open_root(root)
        for name in components(path):
            with folder as outer:
                folder = outer.enter(name)
        return folder

    def open_or_make(self, root: int, path: str) -> tuple[Folder, tuple[str, ...]]:
        """Open a folder, creating what is missing, and say which folders were created."""
        folder, so_far, made = self._open_root(root), "", []
        for name in components(path):
            so_far = f"{so_far}/{name}" if so_far else name
            with folder as outer:
                if outer.look(name) is None and _made(outer, name):
                    made.append(so_far)
                folder = outer.enter(name)
        return folder, tuple(made)

    def missing(self, root: int, path: str) -> tuple[str, ...]:
        """Return which folders `open_or_make` would have to create."""
        parts = components(path)
        for count in range(len(parts), 0, -1):
            if self._is_folder(root, "/".join(parts[:count])):
                return tuple("/".join(parts[: n + 1]) for n in range(count, len(parts)))
        return tuple("/".join(parts[: n + 1]) for n in range(len(parts)))

    def look(self, spot: Spot) -> os.stat_result | None:
        """Walk to a name anew and describe what it shows; None where the walk does not lead."""
        try:
            with self.open(spot.root, spot.folder) as folder:
                return folder.look(spot.name)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def still_at(self, folder: Folder, root: int, path: str) -> bool:
        """Return whether an open folder is still the one that its path leads to."""
        try:
            with self.open(root, path) as found:
                here, there = folder.own_stat(), found.own_stat()
        except OSError:
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def confirm_inside(self, folder: Folder, spot: Spot) -> None:
        """Stop if the open folder of a spot is not where its path leads: it may be outside.

        Raises:
            FileError: It was moved away, or something else stands at its path.
        """
        if not self.still_at(folder, spot.root, spot.folder):
            raise FileError(
                "FILE_CHANGED",
                f"The folder of {shown(spot.path)} was moved or replaced meanwhile. The step "
                "was taken back.",
            )

    def root_inode(self, root: int) -> int:
        """Return what tells a mounted root from the bare folder it is mounted on."""
        with self._open_root(root) as folder:
            return folder.own_stat().st_ino

    def _open_root(self, root: int) -> Folder:
        path = self._roots.get(root)
        if path is None:
            raise PathNotFoundError(f"This server was started without root {root} of the library.")
        try:
            return self._kind.open_root(os.fspath(path))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise PathNotFoundError(
                f"The library folder {shown(str(path))} is not there; nothing was done in it."
            ) from error

    def _is_folder(self, root: int, path: str) -> bool:
        try:
            self.open(root, path).close()
        except OSError:
            return False
        return True


def components(path: str) -> tuple[str, ...]:
    """Split a path below a root into names.

    Raises:
        PathOutsideRootsError: It is absolute, or holds an empty, `.` or `..` component.
    """
    names = tuple(path.split("/")) if path else ()
    foreign = {"\\", ":"} if os.name == "nt" else set()
    for name in names:
        if name in {"", ".", ".."} or "\0" in name or foreign & set(name):
            raise PathOutsideRootsError(
                f"{shown(path)} is no path inside a library folder; nothing was done to it."
            )
    return names


def _made(folder: Folder, name: str) -> bool:
    try:
        folder.make(name)
    except FileExistsError:
        return False
    folder.sync()
    return True
