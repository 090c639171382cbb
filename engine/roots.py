"""Where the library lies: its roots, what in them is protected, and how a path is told.

Nothing outside a root is ever read. A path argument is resolved with every symlink followed, and
refused if it ends outside; steps on files resolve theirs again, without following any.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autodedup.engine.errors import NoRootsError, PathNotFoundError, PathOutsideRootsError
from autodedup.engine.names import shown


@dataclass(frozen=True, slots=True)
class Root:
    """One library folder; `id` is its number in the state database."""

    id: int
    path: Path


@dataclass(frozen=True, slots=True)
class Place:
    """A file or folder of the library. `relative` is "" for the root itself."""

    root: Root
    relative: str

    @property
    def path(self) -> Path:
        """Return the absolute path."""
        return self.root.path / self.relative if self.relative else self.root.path


def canonical_roots(folders: Sequence[Path]) -> tuple[Path, ...]:
    """Return the folders as absolute paths, each once, without those that lie in another.

    Raises:
        NoRootsError: There is none.
    """
    if not folders:
        raise NoRootsError("The server was started without a library folder; nothing was read.")
    real = list(dict.fromkeys(Path(os.path.realpath(folder)) for folder in folders))
    return tuple(
        path
        for path in real
        if not any(path != other and path.is_relative_to(other) for other in real)
    )


def canonical_protected(folders: Sequence[Path], roots: Sequence[Path]) -> tuple[Path, ...]:
    """Return the protected folders as absolute paths: one that is mistyped must not pass.

    Raises:
        PathNotFoundError: One is not there.
        PathOutsideRootsError: One lies outside every root.
    """
    real = tuple(Path(os.path.realpath(folder.expanduser())) for folder in folders)
    for folder in real:
        where = shown(os.fspath(folder))
        if not folder.exists():
            raise PathNotFoundError(
                f"The folder to protect, {where}, is not there; nothing was started.",
                hint="Correct --protect in the client's configuration.",
                details={"protect": where},
            )
        if not any(folder == root or folder.is_relative_to(root) for root in roots):
            raise PathOutsideRootsError(
                f"The folder to protect, {where}, lies outside the library.",
                hint="Protect a folder inside a root, or leave --protect out.",
                details={"protect": where},
            )
    return real


class Roots:
    """The roots of one server, in the order given; the first is the base of shown paths."""

    def __init__(self, roots: Sequence[Root], protected: Sequence[Path] = ()) -> None:
        self.all = tuple(roots)
        self._by_id = {root.id: root for root in roots}
        self.protected = tuple(protected)

    @property
    def base(self) -> Root:
        """Return the first root."""
        return self.all[0]

    @property
    def shown_base(self) -> str:
        """Return the base as an answer states it."""
        return shown(os.fspath(self.base.path))

    def by_id(self, number: int) -> Root:
        """Return the root of this number.

        Raises:
            PathNotFoundError: The server was started without it.
        """
        try:
            return self._by_id[number]
        except KeyError as error:
            raise PathNotFoundError(
                "A file lies under a root that this server was started without; it was left alone.",
                hint="Start the server with every root the database knows.",
            ) from error

    def has(self, number: int) -> bool:
        """Return whether the server was started with the root of this number."""
        return number in self._by_id

    def absolute(self, root_id: int, relative: str) -> Path:
        """Return where a file lies on this machine."""
        return self.by_id(root_id).path / relative

    def shown(self, root_id: int, relative: str) -> str:
        """Return the path as a client reads it: relative to the base, else absolute."""
        if root_id == self.base.id or not self.has(root_id):
            return shown(relative)
        return shown(os.fspath(self.by_id(root_id).path / relative))

    def is_protected(self, root_id: int, relative: str) -> bool:
        """Return whether the file lies in a protected folder."""
        if not self.protected:
            return False
        path = self.absolute(root_id, relative)
        return any(path.is_relative_to(folder) for folder in self.protected)

    def locate(self, text: str) -> Place:
        """Return the place that a path argument names, absolute or relative to a root.

        Raises:
            PathOutsideRootsError: It leads out of every root.
            PathNotFoundError: Nothing is there.
        """
        if "\0" in text:
            raise PathNotFoundError("No path has a NUL in it.", details={"path": shown(text)})
        given = Path(text)
        candidates = [given] if given.is_absolute() else [root.path / given for root in self.all]
        found = next((path for path in candidates if _is_there(path)), None)
        resolved = Path(os.path.realpath(found or candidates[0]))
        for root in self.all:
            if resolved == root.path or resolved.is_relative_to(root.path):
                if found is None:
                    raise PathNotFoundError(
                        f"{shown(text)} is not in the library.", details={"path": shown(text)}
                    )
                relative = os.path.relpath(resolved, root.path)
                return Place(root, "" if relative == "." else relative)
        raise PathOutsideRootsError(
            f"{shown(text)} leads outside the library; it was not read.",
            details={
                "path": shown(text),
                "roots": [shown(os.fspath(root.path)) for root in self.all],
            },
        )


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError):  # a NUL byte, a name that is too long, no permission
        return False
