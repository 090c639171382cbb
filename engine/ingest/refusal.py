"""Recording a file that could not be read or signed, so that it costs itself only."""

import os

import apsw

from autodedup.engine.errors import FileError, PathNotFoundError
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.ingest.unmounted import emptied
from autodedup.engine.names import shown
from autodedup.engine.roots import Root, Roots
from autodedup.engine.store import files
from autodedup.engine.store.files import FileRow
from autodedup.schemas.errors import FileCode
from autodedup.schemas.ingest import FileError as ToldError
from autodedup.schemas.vocabulary import FileState

# The data is at fault; everything else is the circumstances, or what we can do with it.
_BROKEN: frozenset[FileCode] = frozenset(
    {"EMPTY_FILE", "NOT_MEDIA", "TRUNCATED", "DECODE_FAILED", "DECODE_TIMEOUT", "DECODER_CRASHED"}
)


# What a disk that went away looks like, seen from one of its files.
_DISK: frozenset[FileCode] = frozenset(
    {
        "FILE_VANISHED",
        "PERMISSION_DENIED",
        "DECODE_FAILED",
        "TRUNCATED",
        "NOT_MEDIA",
        "FILE_CHANGED",
    }
)


class Refusals:
    """Writes down why files were refused, and counts them."""

    def __init__(self, roots: Roots, tally: Tally) -> None:
        self._roots, self._tally = roots, tally
        self._identities = {root.id: _identity(root) for root in roots.all}

    def write(self, connection: apsw.Connection, row: FileRow, error: FileError) -> None:
        """Record the refusal of one file.

        Raises:
            PathNotFoundError: The file cannot be had because its disk went away.
        """
        if error.code in _DISK:
            self._confirm_root_stands(row)
        if error.code == "FILE_VANISHED":
            files.mark_missing(connection, [row.id])
        else:
            files.set_failed(connection, row.id, _state(error.code), error.code, error.detail)
        self.tell(row, error.code, error.detail)

    def _confirm_root_stands(self, row: FileRow) -> None:
        """Stop when a disk was pulled out: what it holds is neither gone nor broken."""
        root = self._roots.by_id(row.root_id)
        away = root.path if _identity(root) != self._identities[root.id] else emptied(root, row)
        if away is not None:
            where = shown(str(away))
            raise PathNotFoundError(
                f"The library folder {where} went away while it was read; nothing was marked "
                "missing or broken because of it.",
                hint="Mount the disk and call ingest again: it goes on from there.",
                details={"root": where},
            )

    def tell(self, row: FileRow, code: FileCode, detail: str) -> None:
        """Count the refusal of one file."""
        path = self._roots.shown(row.root_id, row.path)
        self._tally.failed(ToldError(file=f"f{row.id}", path=path, code=code, detail=detail))


def _identity(root: Root) -> tuple[int, int] | None:
    try:
        # The status of a folder is remembered when its disk is gone; what lies in it is not.
        with os.scandir(root.path) as entries:
            next(entries, None)
        found = root.path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _state(code: FileCode) -> FileState:
    return "BROKEN" if code in _BROKEN else "PROCESSING_ERROR"
