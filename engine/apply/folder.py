"""One open folder, and everything that may be done to a name in it."""

import os
from abc import ABC, abstractmethod
from typing import ClassVar, Literal, Self

from autodedup.engine.apply import renames
from autodedup.engine.apply.renames import Address, RenameMeans

_ANY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# A name that became a link is refused, one that became a pipe does not make us wait.
_LOOKING = os.O_RDONLY | _ANY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_MAKING = os.O_RDWR | os.O_CREAT | os.O_EXCL | _ANY | getattr(os, "O_NOFOLLOW", 0)
# Windows links what a name shows, never what it points to, and takes no such argument.
_LINKS_LINKS = os.link in os.supports_follow_symlinks


class Folder(ABC):
    """A folder that was reached without following a link.

    Names are single components. No operation replaces what a name shows, and none follows a
    link in the last component. Every one may raise OSError.
    """

    means: ClassVar[Literal["descriptors", "paths"]]
    # Whether a file may be renamed while we hold it open.
    moves_open_files: ClassVar[bool]

    @abstractmethod
    def at(self, name: str) -> Address:
        """Return how the system is told of a name in this folder."""

    @abstractmethod
    def enter(self, name: str) -> "Folder":
        """Open a folder in this one; a link in its place is refused."""

    @abstractmethod
    def own_stat(self) -> os.stat_result:
        """Describe the folder itself."""

    @abstractmethod
    def sync(self) -> None:
        """Wait until the names in this folder are on disk."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the folder."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self, name: str) -> os.stat_result | None:
        """Describe what the name shows, itself and not what it points to; None for nothing."""
        path, folder = self.at(name)
        try:
            return os.stat(path, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def look_through(self, name: str) -> os.stat_result | None:
        """Describe what the name leads to, following links; None for nothing."""
        path, folder = self.at(name)
        try:
            return os.stat(path, dir_fd=folder)
        except FileNotFoundError:
            return None

    def open_file(self, name: str) -> int:
        """Open a file for reading and return its descriptor."""
        path, folder = self.at(name)
        return os.open(path, _LOOKING, dir_fd=folder)

    def create_file(self, name: str) -> int:
        """Create a file that was not there, readable by its owner alone."""
        path, folder = self.at(name)
        return os.open(path, _MAKING, 0o600, dir_fd=folder)

    def set_times(self, name: str, atime_ns: int, mtime_ns: int) -> None:
        """Set a file's times by its name, where they cannot be set through a descriptor."""
        path, folder = self.at(name)
        os.utime(path, ns=(atime_ns, mtime_ns), dir_fd=folder)

    def make(self, name: str) -> None:
        """Create a folder."""
        path, folder = self.at(name)
        os.mkdir(path, dir_fd=folder)

    def remove_folder(self, name: str) -> None:
        """Remove a folder if it is empty."""
        path, folder = self.at(name)
        os.rmdir(path, dir_fd=folder)

    def move(self, name: str, other: "Folder", new_name: str) -> RenameMeans:
        """Move a name into another folder, where the new name must be free."""
        return renames.rename_to_free_name(self.at(name), other.at(new_name))

    def exchange(self, name: str, other_name: str) -> None:
        """Exchange two names of this folder in one step."""
        renames.exchange(self.at(name), self.at(other_name))

    def link(self, name: str, other: "Folder", other_name: str) -> None:
        """Give another folder's file a second name here, which must be free."""
        (new, here), (old, there) = self.at(name), other.at(other_name)
        if _LINKS_LINKS:
            os.link(old, new, src_dir_fd=there, dst_dir_fd=here, follow_symlinks=False)
        else:
            os.link(old, new)

    def point(self, name: str, text: str) -> None:
        """Create a symbolic link that holds this text."""
        path, folder = self.at(name)
        os.symlink(text, path, dir_fd=folder)

    def pointed(self, name: str) -> str:
        """Return the text of a symbolic link."""
        path, folder = self.at(name)
        return os.readlink(path, dir_fd=folder)

    def remove_for_good(self, name: str) -> None:
        """Take a name away; with a file's last name goes the file."""
        path, folder = self.at(name)
        os.unlink(path, dir_fd=folder)
