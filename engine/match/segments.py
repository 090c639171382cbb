"""Which stretches of a line really agree: its frames as scores, cut into their best runs.

Every compared pair of frames scores above zero where it agrees and below where it does not. The
stretches are the maximal scoring subsequences of that row (Ruzzo and Tompa 1999): scattered
misses inside a copy are bridged, a shared shot in two strange films stays a shot. Two different
pictures that stand still side by side are no misses: nothing bridges them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.align import Line
from autodedup.engine.match.model import Segment
from autodedup.engine.match.sights import Sight
from autodedup.engine.match.verify import NEUTRAL_BITS, Path

_SCORE_BITS = 60.0
_LOWEST_SCORE = -0.6
_APART_SCORE = -1e6  # more than any run could make good

_STRANGE_BITS = 110  # pictures further apart than this are two, whatever was done to one of them
_APART_SECONDS, _APART_FRAMES = 1.0, 3  # that they stand side by side; less may be a fault in time


@dataclass(frozen=True, slots=True)
class Run:
    """Places `first` to `last` (inclusive) of a path that belong together, and their score."""

    first: int
    last: int
    score: float


def scores(bits: NDArray[np.uint8], parted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return (N,) scores in -0.6..1 of compared pairs of frames; of those parted, far below."""
    closeness: NDArray[np.float64] = (NEUTRAL_BITS - bits.astype(np.float64)) / _SCORE_BITS
    return np.where(parted, _APART_SCORE, np.clip(closeness, _LOWEST_SCORE, 1.0))


def apart(
    path: Path, line: Line, sight: Sight, times: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.bool_]:
    """Say which pairs of a path in order show two different pictures that stand still for a while.

    Where a film moves, a pair may miss by an error in time. A still picture can't.
    """
    strange = path.bits >= _STRANGE_BITS
    found = np.zeros(len(strange), dtype=bool)
    if strange.sum() < _APART_FRAMES:
        return found
    goes_on = strange & sight.stands_still(path.rows, path.columns)
    goes_on[1:] &= strange[:-1]
    at = _a_seconds(path, line, times)
    edges = np.flatnonzero(np.diff(goes_on.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    for first, past in edges.tolist():
        begin, last = max(first - 1, 0), past - 1
        if past - begin >= _APART_FRAMES and at[last] - at[begin] >= _APART_SECONDS:
            found[begin:past] = True
    return found


def best_runs(values: NDArray[np.float64], least: float) -> list[Run]:
    """Return the maximal scoring runs that score at least `least`, in their order.

    After W. L. Ruzzo and M. Tompa, "A linear time algorithm for finding all maximal scoring
    subsequences" (ISMB 1999).
    """
    runs: list[tuple[int, int, float, float]] = []  # first, last, sum before first, sum at last
    total = 0.0
    for place, value in enumerate(values.tolist()):
        before, total = total, total + value
        if value <= 0:
            continue
        first, left, right = place, before, total
        while True:
            earlier = next((k for k in range(len(runs) - 1, -1, -1) if runs[k][2] < left), None)
            if earlier is None or runs[earlier][3] >= right:
                runs.append((first, place, left, right))
                break
            first, left = runs[earlier][0], runs[earlier][2]
            del runs[earlier:]
    return [Run(f, last, right - left) for f, last, left, right in runs if right - left >= least]


def segment_of(
    run: Run,
    path: Path,
    line: Line,
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
    seconds: tuple[float, float],
) -> Segment:
    """Return the seconds of both clips that a run covers.

    A run reaches halfway to the next pair that is not part of it, and to the end of the shorter
    overlap where there is none: frames that do not vote there (black, white) do not speak
    against it.
    """
    at = _a_seconds(path, line, times)
    low, high = sorted((-line.offset / line.speed, (seconds[1] - line.offset) / line.speed))
    start, end = max(0.0, low), min(seconds[0], high)
    if run.first > 0:
        start = max(start, float(at[run.first - 1] + at[run.first]) / 2)
    if run.last + 1 < len(at):
        end = min(end, float(at[run.last + 1] + at[run.last]) / 2)
    start, end = min(start, float(at[run.first])), max(end, float(at[run.last]))
    start, end = max(0.0, start), min(seconds[0], end)
    b_start = min(max(0.0, line.speed * start + line.offset), seconds[1])
    b_end = min(max(0.0, line.speed * end + line.offset), seconds[1])
    return Segment(start, end, b_start, b_end, line.speed)


def part_of(path: Path, run: Run) -> Path:
    """Return the part of a path that a run covers."""
    inside = slice(run.first, run.last + 1)
    return Path(path.rows[inside], path.columns[inside], path.bits[inside], path.tolerance)


def in_order(path: Path) -> Path:
    """Return the path sorted by time."""
    order = np.lexsort((path.columns, path.rows))
    return Path(path.rows[order], path.columns[order], path.bits[order], path.tolerance)


def _a_seconds(
    path: Path, line: Line, times: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the seconds of a at which each pair lies, the mean of what both frames say."""
    own = times[0][path.rows]
    back: NDArray[np.float64] = (times[1][path.columns] - line.offset) / line.speed
    return (own + back) / 2
