"""Which instants of a film to look at, so that two encodes of it are asked the same questions.

Two ways of looking:

*Dense*, for short films and thinly keyed ones: the frames nearest to the instants 0, s, 2s, …
The step `s` comes from a ladder in which each divides the next, so that two files of nearly the
same length are asked at the same instants, and the grid of a longer one is a part of the grid of
a shorter.

*Keyframes*, for long edited films: encoders put keyframes at cuts, and cuts are where they are
in every encode. Costs about a tenth.

Claims of duration are used only to start with the right step. Where a claim turns out wrong,
the grid thins itself out while it runs, or the film is looked at again.
"""

import math
from dataclasses import dataclass, field

# Step of the grid and the longest film it is for, in seconds. A film of half a second shows every
# frame; one of half a minute enough of them to know two of its seconds again (docs/performance.md).
LADDER = (
    (1 / 32, 1.0),
    (1 / 16, 3.0),
    (1 / 8, 8.0),
    (1 / 4, 32.0),
    (1 / 2, 64.0),
    (1.0, math.inf),
)
STEPS = tuple(step for step, _ in LADDER)
DENSE_SECONDS = 240.0  # longer films are looked at by their keyframes
THIN_SECONDS = 10.0  # keyframes further apart than this, on average, are too few to go by
DENSE_THIN_SECONDS = 1800.0  # up to here a thinly keyed film is looked at densely
MOST_FRAMES = 2000  # of one film, whatever it claims
# Of a film, one in a window: so a film of two hours costs at most twice one of ten minutes. A part
# of it must then last half a minute to be known again by two of its pictures.
MOST_KEYFRAMES = 480

_LONGEST_GAP = 3600.0  # seconds; a longer leap between two frames is a broken timestamp
_JITTER = 1.0  # seconds back that are disorder, not a clock set anew
_TICK = 0.001


def grid_step(seconds: float) -> float:
    """Return the step of the dense grid for a film of this length, in seconds."""
    return next(step for step, longest in LADDER if seconds <= longest)


def looked_at_densely(claimed_seconds: float | None) -> bool:
    """Say how a film is looked at first; without a claim we start densely and see."""
    return claimed_seconds is None or claimed_seconds <= DENSE_SECONDS


def too_thinly_keyed(
    keyframes: int, last_keyframe_seconds: float, claimed_seconds: float | None
) -> bool:
    """Say that keyframes were too few to go by, and the film short enough to look closer.

    A film that claims to be long and has no keyframe past the dense bound is taken to be short.
    """
    seconds = max(last_keyframe_seconds, claimed_seconds or 0.0)
    if last_keyframe_seconds <= DENSE_SECONDS < seconds:
        return True
    return keyframes * THIN_SECONDS < seconds <= DENSE_THIN_SECONDS


def step_was_too_coarse(step: float, seen_seconds: float) -> bool:
    """Say that a film proved so much shorter than it claimed that it must be looked at again."""
    return step > 2 * grid_step(seen_seconds)


def keyframe_window(claimed_seconds: float | None) -> float:
    """Return the seconds of which one keyframe is enough, so that their number is bounded."""
    return (claimed_seconds or 0.0) / MOST_KEYFRAMES


@dataclass(slots=True)
class Clock:
    """Turns a stream's timestamps into seconds since its first picture that only rise.

    A frame without a timestamp comes one frame later; one whose timestamp stands still or slips
    back a little, as those of repeated fields do, a moment later. Where the clock was set back, or
    leaps by more than an hour, it is taken to go on.
    """

    frame_seconds: float
    _first: float | None = None
    _last: float = 0.0

    def seconds(self, stamp: float | None) -> float:
        """Return the instant of the next picture, given its own claim in seconds."""
        if self._first is None:
            self._first = 0.0 if stamp is None else stamp
            return 0.0
        self._last = self._next(self._first, stamp)
        return self._last

    def _next(self, first: float, stamp: float | None) -> float:
        on = self._last + self.frame_seconds
        if stamp is None:
            return on
        gap = stamp - first - self._last
        if 0 < gap < _LONGEST_GAP:
            return stamp - first
        if -_JITTER < gap <= 0:
            return self._last + _TICK
        self._first = stamp - on  # the clock was set anew; go on from here
        return on


@dataclass(slots=True)
class Grid:
    """The dense grid as frames pass by: says which of them are nearest to an instant.

    `also` are further instants wanted once, such as the anchors of the strict profile.
    """

    step: float
    also: tuple[float, ...] = ()
    _due: float = 0.0
    _also_left: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._also_left = sorted(self.also)

    def nearest(self, before: float | None, now: float) -> tuple[bool, bool]:
        """Say of the frame before and of the frame now whether it is nearest to an instant.

        Both are seconds, `before` is None at the first frame.
        """
        passed: list[float] = []
        if self._due <= now:
            last = math.floor(now / self.step) * self.step
            passed += [self._due, last]
            self._due = last + self.step
        while self._also_left and self._also_left[0] <= now:
            passed.append(self._also_left.pop(0))
        if before is None:
            return False, bool(passed)
        take_before = any(instant - before < now - instant for instant in passed)
        return take_before, any(now - instant <= instant - before for instant in passed)

    def outgrown(self, seconds: float) -> "Grid | None":
        """Return the grid to go on with after so many seconds, None where it is still this one.

        A film may be twice as long as it claimed; then its instants are thinned to a part of them.
        """
        wider = grid_step(seconds / 2)
        if wider <= self.step:
            return None
        grid = Grid(wider, tuple(self._also_left))
        grid._due = math.ceil(self._due / wider) * wider
        return grid

    def holds(self, seconds: float, tolerance: float) -> bool:
        """Say whether an instant of this grid lies within a tolerance, in seconds."""
        return abs(seconds - round(seconds / self.step) * self.step) <= tolerance
