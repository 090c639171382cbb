"""Folders by their paths, for systems that cannot open a name relative to a folder (Windows).

Every component is looked at before each use and a link or junction is refused. Between the look
and the use a window remains that descriptors do not have; the journal notes which were used.
"""

import errno
import os
import stat
from typing import ClassVar, Literal

from autodedup.engine.apply.folder import Folder
from autodedup.engine.apply.renames import Address

_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: links, junctions, mounted folders


class PathFolder(Folder):
    """A folder known by its path; `top` is the root above which nothing is checked."""

    means: ClassVar[Literal["descriptors", "paths"]] = "paths"
    moves_open_files: ClassVar[bool] = os.name != "nt"

    def __init__(self, path: str, top: str) -> None:
        self._path = path
        self._top = top
        self._refuse_links()

    @classmethod
    def open_root(cls, path: str) -> "PathFolder":
        """Open a library folder as the operator named it."""
        return cls(path, path)

    def at(self, name: str) -> Address:
        """Return the whole path, once its folders have been looked at again."""
        self._refuse_links()
        return os.path.join(self._path, name), None  # noqa: PTH118  # names may be undecodable

    def enter(self, name: str) -> "PathFolder":
        """Open a folder in this one; a link in its place is refused."""
        path, _ = self.at(name)
        return PathFolder(path, self._top)

    def own_stat(self) -> os.stat_result:
        """Describe the folder itself."""
        return os.lstat(self._path)

    def sync(self) -> None:
        """Wait until the names are on disk, where the system lets folders be opened for that."""
        if os.name == "nt":
            return  # NTFS writes its own journal of names; folders cannot be flushed from here
        descriptor = os.open(self._path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let go of the folder: nothing is held."""

    def _refuse_links(self) -> None:
        path = self._path
        while path != self._top:
            found = os.lstat(path)
            reparse = getattr(found, "st_file_attributes", 0) & _REPARSE_POINT
            if reparse or not stat.S_ISDIR(found.st_mode):  # a symbolic link is no folder here
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            path = os.path.dirname(path)  # noqa: PTH120
        os.lstat(path)
