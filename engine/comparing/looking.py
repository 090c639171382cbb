"""Taking pictures of library files at given instants, in worker processes that may die of it."""

import math
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import JsonValue

from autodedup.engine.errors import (
    AutoDedupError,
    CancelledError,
    FileError,
    NotIngestedError,
    PathNotFoundError,
    PermissionDeniedError,
)
from autodedup.engine.ingest.asking import path_of
from autodedup.engine.library import LibraryFile
from autodedup.engine.media.reading import Seen
from autodedup.engine.media.shots import Shots, Wanted
from autodedup.engine.roots import Roots
from autodedup.engine.settings import Settings
from autodedup.engine.workers.pool import WorkerPool, default_size
from autodedup.engine.workers.tasks import Failed, ShotsTask

_LOOK_S = 0.1  # how often a stop is looked for


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks at files of one library; each call has worker processes of its own."""

    roots: Roots
    settings: Settings

    def look(
        self,
        wanted: Mapping[LibraryFile, Wanted],
        stop: threading.Event,
        *,
        within_s: float = math.inf,
    ) -> dict[int, Shots | FileError]:
        """Return by file number what was seen of each file, or why nothing was.

        What is not seen within so many seconds is given up, as DECODE_TIMEOUT.

        Raises:
            CancelledError: `stop` was set.
            InternalFaultError: No worker can be started.
        """
        with _ends_after(within_s, stop) as enough:
            seen = dict(self.looks(wanted, enough))
        if stop.is_set():
            raise CancelledError("The looking was cancelled; nothing was changed.")
        for file in wanted:
            late = FileError("DECODE_TIMEOUT", "Its pictures did not come in time for the answer.")
            seen.setdefault(file.row.id, late)
        return seen

    def looks(
        self, wanted: Mapping[LibraryFile, Wanted], stop: threading.Event
    ) -> Iterator[tuple[int, Shots | FileError]]:
        """Yield the same as it comes, until all is seen or `stop` is set.

        Raises:
            InternalFaultError: No worker can be started.
        """
        tasks = []
        for file, asked in wanted.items():
            try:
                tasks.append(_task(file, asked, self.roots))
            except FileError as error:
                yield file.row.id, error
        if not tasks:
            return
        size = min(self.settings.workers or default_size(), len(tasks))
        with WorkerPool(size, timeout_s=self.settings.decode_timeout_s) as pool:
            for outcome in pool.run(tasks, stop):
                found = outcome.error if isinstance(outcome, Failed) else outcome.value
                yield outcome.task.key, found


@contextmanager
def _ends_after(seconds: float, stop: threading.Event) -> Iterator[threading.Event]:
    """Lend an event that is set once `stop` is, or so many seconds have passed."""
    enough = threading.Event()
    until = time.monotonic() + seconds

    def watch() -> None:
        while not (enough.is_set() or stop.is_set()) and (left := until - time.monotonic()) > 0:
            enough.wait(min(_LOOK_S, left))
        enough.set()

    watching = threading.Thread(target=watch, name="until it is enough", daemon=True)
    watching.start()
    try:
        yield enough
    finally:
        enough.set()
        watching.join()


def _task(file: LibraryFile, wanted: Wanted, roots: Roots) -> ShotsTask:
    """Return the task of looking at a file as it lies there now.

    A disk that is mounted elsewhere gives its files other numbers, so those of the state are
    not asked for; but no folder on the way may be a link, and what was judged here is opened.

    Raises:
        FileError: FILE_VANISHED, FILE_CHANGED.
    """
    path, stat = path_of(file.row, roots), file.row.stat
    try:
        found = os.lstat(path)
    except OSError as error:
        raise FileError("FILE_VANISHED", "The file is gone.") from error
    if os.path.realpath(path) != path:
        raise FileError("FILE_CHANGED", "It is reached through a link now.")
    for name, was, now in (
        ("size", stat.size, found.st_size),
        ("mtime_ns", stat.mtime_ns, found.st_mtime_ns),
    ):
        if was != now:
            raise FileError("FILE_CHANGED", f"{name} was {was} when it was seen, now {now}.")
    return ShotsTask(
        key=file.row.id,
        path=path,
        expected=Seen.of(found),
        wanted=wanted,
    )


def unseen(file: LibraryFile, error: FileError) -> AutoDedupError | None:
    """Return the error that stops a call for this file; None where only its pictures are bad."""
    details: dict[str, JsonValue] = {"file": file.id, "path": file.shown, "file_code": error.code}
    match error.code:
        case "FILE_VANISHED":
            return PathNotFoundError(
                f"{file.shown} ({file.id}) is gone since it was ingested; nothing was compared.",
                hint='Call ingest, for example {"paths":["."]}, then find_duplicates again.',
                details=details,
            )
        case "FILE_CHANGED":
            return NotIngestedError(
                f"{file.shown} ({file.id}) changed since it was ingested: {error.detail} "
                "What is known of it is void; nothing was compared.",
                hint="Call ingest, then find_duplicates, and compare what they return.",
                details=details,
            )
        case "PERMISSION_DENIED":
            return PermissionDeniedError(
                f"{file.shown} ({file.id}) may not be read; nothing was compared.", details=details
            )
        case _:
            return None
