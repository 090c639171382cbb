"""When the rest of a stage will be done, by how long files of like size have taken.

Neither the number of files nor their bytes foretell it alone: a clip of 30 MB is decoded whole, a
film of 3 GB is looked at by its keyframes and takes no longer. So files are told apart by size,
in classes of four times, and each class is taken to go on as it went of late.

What the files in hand at once gain is seen in the seconds that they took together against the
seconds that passed.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from autodedup.engine.pace import SETTLED_AFTER_S

SETTLED_AFTER_FILES = 4  # or half of them, where they are fewer
RECENT = 50  # files of a class by which it is judged
_LEAST_LEFT = 0.1  # of what its class takes: a file that takes longer is not done any moment


@dataclass(frozen=True, slots=True)
class _Held:
    size_class: int
    began: float


class Forecast:
    """What is known of the time that the files of one stage take. Any thread may use it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._began_at = clock()
        self._left: Counter[int] = Counter()
        self._held: dict[int, _Held] = {}
        self._done = 0
        self._busy_s = 0.0
        self._of_class: dict[int, tuple[int, float]] = {}

    def expect(self, sizes: Iterable[int]) -> None:
        """Begin a stage of files of these sizes in bytes; what was known of another is void."""
        with self._lock:
            self._began_at = self._clock()
            self._left = Counter(_class(size) for size in sizes)
            self._held.clear()
            self._done, self._busy_s = 0, 0.0
            self._of_class.clear()

    def taken(self, key: int, size: int) -> None:
        """Take note that a file is in hand now."""
        with self._lock:
            self._held[key] = _Held(_class(size), self._clock())

    def ended(self, key: int) -> None:
        """Take note that a file is done, or refused."""
        with self._lock:
            held = self._held.pop(key, None)
            if held is None:
                return
            took = self._clock() - held.began
            self._done += 1
            self._busy_s += took
            count, mean = self._of_class.get(held.size_class, (0, 0.0))
            count = min(count + 1, RECENT)
            self._of_class[held.size_class] = (count, mean + (took - mean) / count)
            self._left[held.size_class] -= 1

    def eta_s(self) -> float | None:
        """Return the seconds until the stage is done; None before there is a ground for a guess."""
        with self._lock:
            now = self._clock()
            passed, left = now - self._began_at, self._left.total()
            enough = min(SETTLED_AFTER_FILES, (self._done + left) / 2)
            if passed < SETTLED_AFTER_S or self._done < max(1, enough) or not self._busy_s:
                return None
            work_s = sum(
                count * self._usual_s(size_class) for size_class, count in self._left.items()
            )
            for held in self._held.values():
                usual = self._usual_s(held.size_class)
                work_s -= min(now - held.began, (1 - _LEAST_LEFT) * usual)
            # Of what is in hand, a part is done too, so that many long films do not seem lazy.
            busy_s = self._busy_s + sum(now - held.began for held in self._held.values())
            return max(0.0, work_s * passed / busy_s)

    def _usual_s(self, size_class: int) -> float:
        """Return what a file of this class takes, or of the nearest class that was met."""
        nearest = min(self._of_class, key=lambda met: (abs(met - size_class), -met))
        return self._of_class[nearest][1]


def _class(size: int) -> int:
    return size.bit_length() // 2
