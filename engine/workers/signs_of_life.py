"""How a process of ours tells the server, not too often, that its work has come further."""

import time
from collections.abc import Callable

_EVERY_S = 0.2


class SignsOfLife:
    """Has `tell` called now and then, as long as there is progress."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._told_at = time.monotonic()
        self._furthest = -1.0

    def report(self, progress: float) -> None:
        """Pass a sign of life on, if there is progress and the last one is some time ago."""
        now = time.monotonic()
        if progress > self._furthest and now - self._told_at >= _EVERY_S:
            self._told_at, self._furthest = now, progress
            self._tell()
