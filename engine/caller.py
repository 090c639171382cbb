"""Who asked, as the engine sees it: whom to tell of progress, and whether anyone still waits."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from autodedup.schemas.jobs import Progress


@dataclass(frozen=True, slots=True)
class Caller:
    """How a caller waits for long work.

    `report` takes progress, from any thread and as often as the work likes; the server thins
    it out. `waits_to_the_end` is true for `autodedup call`, where `wait_s` does not apply. `gone`
    is set when nobody waits for the answer any more: the waiting ends, the work goes on.
    """

    report: Callable[[Progress], None]
    waits_to_the_end: bool = False
    gone: threading.Event = field(default_factory=threading.Event)
