"""How fast work of equal pieces goes, and how long the rest of it will take."""

import time
from collections.abc import Callable

from autodedup.schemas.jobs import Progress

SETTLED_AFTER_S = 2.0  # before that a rate says more of start-up than of the work


class Pace:
    """The clock of one row of pieces; it runs from the first look at them, and any thread looks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[float, int] | None = None

    def of(self, progress: Progress) -> Progress:
        """Return the progress with rate and time left, once there is a ground for them.

        A count that has fallen is that of another row, and the clock starts again with it.
        """
        now = self._clock()
        if self._began is None or progress.done < self._began[1]:
            self._began = (now, progress.done)
        since, already = self._began
        passed, done = now - since, progress.done - already
        if passed < SETTLED_AFTER_S or not done:
            return progress
        rate = done / passed
        left = max(0, progress.total - progress.done)
        return progress.model_copy(update={"rate": round(rate, 3), "eta_s": round(left / rate, 1)})
