"""What a worker is asked about a file of the library: its path, and what it was when last seen."""

from typing import TypeVar

from autodedup.engine.media.reading import Seen
from autodedup.engine.roots import Roots
from autodedup.engine.store.files import FileRow
from autodedup.engine.workers.tasks import DigestTask, SignTask, StillsTask, StreamHashTask

T = TypeVar("T", SignTask, DigestTask, StreamHashTask, StillsTask)


def ask(kind: type[T], key: int, row: FileRow, roots: Roots) -> T:
    """Return the task of looking at a file, to be refused if the file is not what it was."""
    stat = row.stat
    expected = Seen(stat.size, stat.mtime_ns, stat.device, stat.inode)
    return kind(key=key, path=path_of(row, roots), expected=expected)


def path_of(row: FileRow, roots: Roots) -> str:
    """Return where a file lies on this machine."""
    return str(roots.absolute(row.root_id, row.path))
