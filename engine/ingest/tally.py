"""The running count of an ingest: what was found, done and refused, readable at any moment.

Progress is told of the stage at hand, which counts from nothing; what the whole ingest has done and
has left is told in the answer's own sums.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from autodedup.engine.ingest.forecast import Forecast
from autodedup.engine.media.facts import DecodeRoute
from autodedup.engine.names import shown
from autodedup.engine.pace import SETTLED_AFTER_S
from autodedup.engine.paging import ERRORS_BYTES, fitting, weight
from autodedup.engine.store.files import FileRow
from autodedup.schemas.errors import FileCode
from autodedup.schemas.ingest import FileError, IngestRate, Route, ScanCounts
from autodedup.schemas.jobs import Progress

SHOWN_ERRORS = 20
SHOWN_NOTES = 10
NOTE_LENGTH = 500  # characters
NOTES_BYTES = 1_500
WALKING = "walking"
NAMED = 40  # characters of a file's name in the words on what is being done


class Tally:
    """Counters that one thread writes and any thread reads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._forecast = Forecast(clock)
        self._scan: Counter[str] = Counter()
        self._codes: Counter[FileCode] = Counter()
        self._decoders: Counter[str] = Counter()
        self._why: Counter[str] = Counter()
        self._errors: list[FileError] = []
        self._notes: list[str] = []
        self._more_notes = 0
        self._doing = WALKING
        self._file: str | None = None
        self._stage_since = clock()
        self._stage_done = 0
        self._stage_total = 0
        self._to_do = 0
        self._done = 0
        self._signed = 0
        self._media_seconds = 0.0
        self._signing_since: float | None = None

    def count(self, what: str, number: int = 1) -> None:
        """Add to one of the scan's counters."""
        with self._lock:
            self._scan[what] += number

    def expect(self, files: int) -> None:
        """Say how many files there is work to do on, in all stages together."""
        with self._lock:
            self._to_do = files

    def begin(self, doing: str, sizes: Iterable[int] = ()) -> None:
        """Say which stage begins now, and the size in bytes of each file that it is about."""
        all_sizes = list(sizes)
        with self._lock:
            self._doing, self._file = doing, None
            self._stage_done, self._stage_total = 0, len(all_sizes)
            self._stage_since = self._clock()
            if doing == "signing":
                self._signing_since = self._stage_since
        self._forecast.expect(all_sizes)

    def in_turn(self, doing: str, files: Mapping[int, FileRow]) -> Iterator[tuple[int, FileRow]]:
        """Begin a stage, and give out its files; each is in hand from when it is taken here."""
        self.begin(doing, (file.stat.size for file in files.values()))

        def given() -> Iterator[tuple[int, FileRow]]:
            for key, file in files.items():
                self.taken(key, file.path, file.stat.size)
                yield key, file

        return given()

    def taken(self, key: int, path: str, size: int) -> None:
        """Say which file of the stage is in hand now."""
        self._forecast.taken(key, size)
        with self._lock:
            self._file = path

    def ended(self, key: int | None = None) -> None:
        """Count a file of the stage that is done with, one way or the other."""
        if key is not None:
            self._forecast.ended(key)
        with self._lock:
            self._stage_done += 1

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
        """Return how far the stage at hand has come."""
        eta_s = self._forecast.eta_s()
        with self._lock:
            passed = self._clock() - self._stage_since
            done, total = self._stage_done, self._stage_total
            if self._doing == WALKING:
                done = self._scan["seen"]
            settled = passed >= SETTLED_AFTER_S and done
            return Progress(
                done=done,
                total=max(total, done),
                unit="files",
                rate=round(done / passed, 3) if settled else None,
                eta_s=None if eta_s is None else round(eta_s, 1),
                doing=self._in_words(),
            )

    def _in_words(self) -> str:
        """Return the stage, the file that was begun last, and what failed so far, by code."""
        words = self._doing if self._file is None else f"{self._doing} {shown(self._file, NAMED)}"
        failed = ", ".join(f"{count} {code}" for code, count in self._codes.most_common())
        return f"{words} (failed: {failed})" if failed else words

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
            took = 0.0 if self._signing_since is None else self._clock() - self._signing_since
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
