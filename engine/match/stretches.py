"""Which stretches of two clips agree by one witness: lines, and runs of frames on them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.align import Line, Points, best_lines, points, prior
from autodedup.engine.match.model import Clip, Segment
from autodedup.engine.match.segments import (
    apart,
    best_runs,
    in_order,
    part_of,
    scores,
    segment_of,
)
from autodedup.engine.match.sights import Sight
from autodedup.engine.match.verify import (
    NEUTRAL_BITS,
    WIDEST_TOLERANCE,
    Path,
    path_along,
    tolerance_for,
)

MOST_LINES = 5
HARD_EDIT_BITS = 15  # once a pair is looked at, frames this much further apart may speak too
LEAST_RUN_SCORE = 1.5  # about two clear frames
Side = Literal["a", "b"]  # of a pair of clips


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The frames of a pair that vote, as one witness sees them."""

    pair: tuple[Clip, Clip]
    weights: tuple[NDArray[np.float64], NDArray[np.float64]]
    sight: Sight
    times: tuple[NDArray[np.float64], NDArray[np.float64]]
    points: Points
    tolerance: float


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """One line and a run of frames on it that agree."""

    line: Line
    path: Path
    segment: Segment
    score: float


def table_of(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    sight: Sight,
    near_bits: int,
) -> Table:
    """Return the frames of a pair that one sight sees, with the points that may lie on lines."""
    chosen = sight.chosen
    times = (pair[0].times_seconds[chosen[0]], pair[1].times_seconds[chosen[1]])
    found = points(
        sight.distance,
        *times,
        weights[0][chosen[0]],
        weights[1][chosen[1]],
        near_bits=near_bits + HARD_EDIT_BITS,
    )
    return Table(pair, weights, sight, times, found, tolerance_for(*times))


def stretches_of(table: Table) -> list[Stretch]:
    """Return the agreeing stretches, best first, none of which shows a second twice."""
    taken: list[Stretch] = []
    left = table.points
    for _ in range(MOST_LINES):
        fresh = best_of(table, left, taken)
        if not fresh:
            break
        taken.extend(fresh)
        left = left.without(shown(left.a, left.b, taken))
    return taken


def best_of(
    table: Table,
    left: Points,
    taken: list[Stretch],
    again: Side | None = None,
) -> list[Stretch]:
    """Return the stretches of the line that most speaks for, beside those that are taken.

    Args:
        table: The frames.
        left: The points through which lines are laid.
        taken: Stretches whose seconds are not shown twice …
        again: … but by this clip.
    """
    best: list[Stretch] = []
    reach = max(0.3, 1.5 * min(table.tolerance, WIDEST_TOLERANCE))
    for line in (Line(1.0, 0.0, 0.0), *best_lines(left, reach)):
        found = _on_line(table, line, taken, again)
        if worth(found) > 1.02 * worth(best):
            best = found
    return best


def worth(stretches: list[Stretch]) -> float:
    """Return what speaks for some stretches: their frames, by closeness, common speeds first."""
    return sum(
        prior(stretch.line, stretch.segment.a_end - stretch.segment.a_start)
        * float((1.0 - stretch.path.bits / NEUTRAL_BITS).sum())
        for stretch in stretches
    )


def _on_line(
    table: Table,
    line: Line,
    taken: list[Stretch],
    again: Side | None,
) -> list[Stretch]:
    path = in_order(path_along(line, table.sight.distance, *table.times, table.tolerance))
    ends = shown(table.times[0][path.rows], table.times[1][path.columns], taken, again)
    # What is shown already ends a run, as a picture would that does not agree.
    path = Path(path.rows, path.columns, np.where(ends, 255, path.bits), path.tolerance)
    seconds = (table.pair[0].seconds, table.pair[1].seconds)
    found: list[Stretch] = []
    parted = apart(path, line, table.sight, table.times)
    for run in best_runs(scores(path.bits, parted), LEAST_RUN_SCORE):
        segment = segment_of(run, path, line, table.times, seconds)
        found.append(Stretch(line, part_of(path, run), segment, run.score))
    return found


def shown(
    a_seconds: NDArray[np.float64],
    b_seconds: NDArray[np.float64],
    taken: list[Stretch],
    again: Side | None = None,
) -> NDArray[np.bool_]:
    """Say which pairs of seconds touch a stretch that is taken, on a side that is not `again`."""
    touched = np.zeros(len(a_seconds), dtype=bool)
    for s in (stretch.segment for stretch in taken):
        if again != "a":
            touched |= (a_seconds >= s.a_start) & (a_seconds <= s.a_end)
        if again != "b":
            touched |= (b_seconds >= s.b_start) & (b_seconds <= s.b_end)
    return touched


def main_path(table: Table, stretches: list[Stretch]) -> tuple[Path, Line]:
    """Return the longest line and its stretches together: the others only add to the coverage."""
    main = max(stretches, key=lambda s: s.score).line
    paths = [s.path for s in stretches if s.line == main]
    whole = Path(
        np.concatenate([p.rows for p in paths]),
        np.concatenate([p.columns for p in paths]),
        np.concatenate([p.bits for p in paths]),
        table.tolerance,
    )
    return whole, main
