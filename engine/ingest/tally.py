"""The running count of an ingest: what was found, done and refused, readable at any moment."""

import threading
import time
from collections import Counter

from autodedup.engine.media.facts import DecodeRoute
from autodedup.engine.names import shown
from autodedup.engine.paging import ERRORS_BYTES, fitting, weight
from autodedup.schemas.errors import FileCode
from autodedup.schemas.ingest import FileError, IngestRate, Route, ScanCounts
from autodedup.schemas.jobs import Progress

SHOWN_ERRORS = 20
SHOWN_NOTES = 10
NOTE_LENGTH = 500  # characters
NOTES_BYTES = 1_500
SETTLED_AFTER_S = 2.0  # before that a rate says more of start-up than of the work


class Tally:
    """Counters that one thread writes and any thread reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scan: Counter[str] = Counter()
        self._codes: Counter[FileCode] = Counter()
        self._decoders: Counter[str] = Counter()
        self._why: Counter[str] = Counter()
        self._errors: list[FileError] = []
        self._notes: list[str] = []
        self._more_notes = 0
        self._doing = "walking"
        self._to_do = 0
        self._done = 0
        self._signed = 0
        self._media_seconds = 0.0
        self._signing_since: float | None = None

    def count(self, what: str, number: int = 1) -> None:
        """Add to one of the scan's counters."""
        with self._lock:
            self._scan[what] += number

    def begin(self, doing: str, files: int | None = None) -> None:
        """Say what is being done now, and of how many files in all there is work to do."""
        with self._lock:
            self._doing = doing
            if files is not None:
                self._to_do = files
            if doing == "signing":
                self._signing_since = time.monotonic()

    def note(self, text: str) -> None:
        """Add a remark for the reader of the answer."""
        with self._lock:
            if len(self._notes) < SHOWN_NOTES:
                self._notes.append(shown(text, NOTE_LENGTH))
            else:
                self._more_notes += 1

    def signed(self, files: int, route: DecodeRoute | None, media_seconds: float) -> None:
        """Count files that now have their signature; `route` where one of them was decoded."""
        with self._lock:
            self._done += files
            if route is not None:
                self._signed += 1
                self._media_seconds += media_seconds
                self._decoders[route.decoder] += 1
                if route.decoder == "pyav":
                    self._why[route.why] += 1

    def finished(self) -> None:
        """Count a file that needs no signature for the tiers asked for."""
        with self._lock:
            self._done += 1

    def failed(self, error: FileError) -> None:
        """Count a file that could not be signed."""
        with self._lock:
            self._done += 1
            self._codes[error.code] += 1
            if len(self._errors) < SHOWN_ERRORS:
                self._errors.append(error)

    def progress(self) -> Progress:
        """Return how far the work has come."""
        with self._lock:
            rate = self._files_per_s()
            left = max(0, self._to_do - self._done)
            return Progress(
                done=self._done,
                total=max(self._to_do, self._done),
                unit="files",
                rate=round(rate, 3) if rate else None,
                eta_s=round(left / rate, 1) if rate else None,
                doing=self._doing,
            )

    def scan(self) -> ScanCounts:
        """Return what the walk found."""
        with self._lock:
            return ScanCounts(**self._scan)

    def sums(self) -> tuple[int, int, int]:
        """Return how many files were processed, have failed, and remain."""
        with self._lock:
            failed = sum(self._codes.values())
            return self._done - failed, failed, max(0, self._to_do - self._done)

    def rate(self) -> IngestRate:
        """Return how fast files were signed."""
        with self._lock:
            took = time.monotonic() - self._signing_since if self._signing_since else 0.0
            if took <= 0:
                return IngestRate(files_per_s=0.0, media_s_per_s=0.0)
            return IngestRate(
                files_per_s=round(self._signed / took, 3),
                media_s_per_s=round(self._media_seconds / took, 2),
            )

    def route(self) -> Route:
        """Return which decoders were used, and why not the GPU."""
        with self._lock:
            return Route(
                nvdec=self._decoders["nvdec"], pyav=self._decoders["pyav"], why=dict(self._why)
            )

    def errors(self) -> tuple[tuple[FileError, ...], dict[FileCode, int], tuple[str, ...]]:
        """Return the first errors, the totals by code, and the first notes."""
        with self._lock:
            fit = fitting([weight(error.wire()) for error in self._errors], ERRORS_BYTES)
            notes = self._notes[: fitting([weight(note) for note in self._notes], NOTES_BYTES)]
            if more := len(self._notes) - len(notes) + self._more_notes:
                notes = [*notes, f"{more} more notes like these are not shown."]
            return tuple(self._errors[:fit]), dict(self._codes), tuple(notes)

    def _files_per_s(self) -> float | None:
        if self._signing_since is None:
            return None
        took = time.monotonic() - self._signing_since
        return self._done / took if took >= SETTLED_AFTER_S and self._done else None
