"""Opening a library: its roots must be there, and its state must be ours and whole."""

import os
from pathlib import Path

from autodedup.engine.apply.turn import settle
from autodedup.engine.errors import NotIngestedError, PathNotFoundError, PermissionDeniedError
from autodedup.engine.names import shown
from autodedup.engine.roots import Roots, canonical_protected, canonical_roots
from autodedup.engine.settings import Settings
from autodedup.engine.store import roots as root_numbers
from autodedup.engine.store.database import Database


def open_library(settings: Settings, db_path: Path) -> tuple[Database, Roots]:
    """Return the state database and the roots.

    Raises:
        NoRootsError: There is no root.
        PathNotFoundError: A root or a protected folder does not exist.
        PathOutsideRootsError: A protected folder lies outside every root.
        PermissionDeniedError: A root or a protected folder may not be read.
        NotIngestedError: There is no database, and none may be made.
        AutoDedupError: The database cannot be opened; see `engine.store.database`.
    """
    folders = canonical_roots(settings.root)
    for folder in folders:
        check_root(folder)
    try:
        protected = canonical_protected(settings.protect, folders)
    except PermissionError as error:
        raise PermissionDeniedError(
            f"A folder to protect, {shown(str(error.filename))}, may not be read.",
            details={"protect": shown(str(error.filename))},
        ) from error
    if settings.read_only and not is_there(db_path):
        raise NotIngestedError("There is no state yet, and --read-only makes none.")
    db = Database(db_path, busy_timeout_s=settings.busy_timeout_s)
    roots = Roots(root_numbers.register(db, folders), protected)
    if not settings.read_only:
        settle(db, roots)
    return db, roots


def check_root(folder: Path) -> None:
    """Stop unless the root is a folder that can be read.

    Raises:
        PathNotFoundError: It is not there, or is not a folder.
        PermissionDeniedError: It may not be read.
    """
    where = shown(os.fspath(folder))
    if not is_folder(folder) and not _is_hidden(folder):
        raise PathNotFoundError(
            f"The library folder {where} is not there; nothing was read or marked missing.",
            hint="Mount the disk, or correct --root in the client's configuration.",
            details={"root": where},
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise PermissionDeniedError(
            f"The library folder {where} may not be read.", details={"root": where}
        )


def is_there(path: Path) -> bool:
    """Return whether something is seen there; where we may not look, nothing is."""
    return os.path.exists(path)  # noqa: PTH110  # Path.exists raises, depending on the Python


def is_folder(path: Path) -> bool:
    """Return whether a folder is seen there; where we may not look, none is."""
    return os.path.isdir(path)  # noqa: PTH112  # Path.is_dir raises, depending on the Python


def _is_hidden(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def writable_folder(path: Path) -> Path | None:
    """Return the nearest existing folder above a path, if files can be made there."""
    folder = next((parent for parent in path.parents if is_there(parent)), None)
    return folder if folder is not None and os.access(folder, os.W_OK | os.X_OK) else None
