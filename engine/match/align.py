"""Which seconds of two clips run side by side: the straight lines in a table of frame distances.

A pair of frames that look alike is a point (seconds of a, seconds of b); a shared stretch is a
line `b = speed * a + offset` on which such points lie close together. Lines are found by voting
over offset for every speed on a grid (a Hough transform, Duda and Hart 1972) and then fitted to
their own points, so that the answer is finer than the grid of the frames.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Ratios people and programs produce: as is, 24/25/30 frames a second played at each other's
# rate, and round tempo changes. A line is given one of these speeds wherever it fits as well.
USUAL_SPEEDS = (
    1.0,
    24 / 25,
    25 / 24,
    0.8,
    1.25,
    25 / 30,
    30 / 25,
    1.1,
    1 / 1.1,
    0.9,
    1 / 0.9,
    1.05,
)
SLOWEST, FASTEST = 0.79, 1.27
_GRID = tuple(float(s) for s in np.geomspace(0.8, 1.25, 31))
BIN_SECONDS = 0.25
SHORT_SECONDS = 6.0
BRIEF_SECONDS = 1.0  # any speed shifts less in them than the leeway in time at both ends
MOST_POINTS = 10_000  # the closest ones vote; more only cost time
_SHARPNESS_BITS = 20.0
_LEAST_WEIGHT = 0.01
_REFITS = 6


@dataclass(frozen=True, slots=True)
class Line:
    """`b = speed * a + offset`, in seconds; `votes` is the weight of the frames on it."""

    speed: float
    offset: float
    votes: float

    def at(self, a_seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the seconds of b that belong to these seconds of a."""
        return self.speed * a_seconds + self.offset


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Frame pairs that look alike: seconds in a, seconds in b, weight; and their frame numbers."""

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    weight: NDArray[np.float64]
    row: NDArray[np.intp]
    column: NDArray[np.intp]

    def without(self, taken: NDArray[np.bool_]) -> "Points":
        """Return the points that are not taken."""
        keep = ~taken
        return Points(
            self.a[keep], self.b[keep], self.weight[keep], self.row[keep], self.column[keep]
        )


def points(
    distance: NDArray[np.uint8],
    a_times: NDArray[np.float64],
    b_times: NDArray[np.float64],
    a_weight: NDArray[np.float64],
    b_weight: NDArray[np.float64],
    *,
    near_bits: int,
) -> Points:
    """Return the frame pairs within `near_bits`, weighted by closeness and by both frames' weight.

    distance  (A, B) uint8: differing bits of 256
    """
    row, column = np.nonzero(distance <= near_bits)
    bits = distance[row, column].astype(np.float64)
    weight = (1.0 - bits / (near_bits + 1.0)) * np.sqrt(a_weight[row] * b_weight[column])
    # In a slow film many frames are alike; the closest of its row and of its column says when.
    above = 2 * bits - distance.min(axis=1)[row] - distance.min(axis=0)[column]
    weight *= np.exp(-above / _SHARPNESS_BITS)
    chosen = np.flatnonzero(weight > _LEAST_WEIGHT)
    row, column, weight = row[chosen], column[chosen], weight[chosen]
    # A frame that is like many frames of the other clip (a still stretch) says little about when.
    weight /= np.sqrt(np.bincount(row, minlength=len(a_times))[row])
    weight /= np.sqrt(np.bincount(column, minlength=len(b_times))[column])
    chosen = np.arange(len(weight))
    if len(chosen) > MOST_POINTS:
        chosen = chosen[np.argpartition(-weight[chosen], MOST_POINTS)[:MOST_POINTS]]
    row, column, weight = row[chosen], column[chosen], weight[chosen]
    return Points(a_times[row], b_times[column], weight, row, column)


def best_lines(found: Points, tolerance: float, most: int = 3) -> list[Line]:
    """Return the most voted lines, best first, fitted; `tolerance` is in seconds of b.

    Beside a line at a speed of its own stands the same at the usual speed next to it: on coarse
    grids the fit alone cannot tell them apart.
    """
    if not len(found.a):
        return []
    seeds: list[Line] = []
    span = min(float(np.ptp(found.a)), float(np.ptp(found.b)))
    if span < BRIEF_SECONDS:
        offset, votes = _peak(found.b - found.a, found.weight)
        return [_shifted(found, 1.0, Line(1.0, offset, votes), tolerance)]
    for speed in sorted({*USUAL_SPEEDS, *_GRID}):
        offset, votes = _peak(found.b - speed * found.a, found.weight)
        seed = Line(speed, offset, votes)
        seeds.append(Line(speed, offset, votes * prior(seed, span)))
    seeds.sort(key=lambda line: -line.votes)
    fitted: list[Line] = []
    for seed in seeds[: 2 * most]:
        line = fit(found, seed, tolerance)
        variants = [line, _unhurried(found, line, tolerance)]
        if span < SHORT_SECONDS:
            # In a few seconds of a jerky film, many speeds fit as well as none.
            variants.append(_shifted(found, 1.0, line, tolerance))
        for variant in variants:
            if not any(_same(variant, other, tolerance) for other in fitted):
                fitted.append(variant)
    fitted.sort(key=lambda line: -line.votes * prior(line, span))
    return fitted[: most + 1]


def fit(found: Points, line: Line, tolerance: float) -> Line:
    """Return the line through the points around it, with a usual speed where that fits as well."""
    for _ in range(_REFITS):
        moved = _least_squares(found, line, tolerance)
        if abs(moved.offset - line.offset) + abs(moved.speed - line.speed) < 1e-6:  # noqa: PLR2004
            break
        line = moved
    best = _voted(found, line, tolerance)
    if best.votes <= 0:
        return best
    # How far the speed may be off: the further apart the points, the less.
    doubt = max(0.02, 2 * tolerance / max(float(np.ptp(found.a)), tolerance))
    for speed in USUAL_SPEEDS:
        if abs(speed - line.speed) > doubt:
            continue
        usual = _shifted(found, speed, line, tolerance)
        if usual.votes >= (1.03 if best.speed in USUAL_SPEEDS else 0.94) * best.votes:
            best = usual
    return best


def _peak(shift: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    low = float(shift.min())
    bins = np.bincount(((shift - low) / BIN_SECONDS).astype(np.intp), weight)
    smooth = np.convolve(bins, (0.5, 1.0, 0.5), mode="same") if len(bins) > 2 else bins  # noqa: PLR2004
    top = int(smooth[: len(bins)].argmax())
    return low + (top + 0.5) * BIN_SECONDS, float(smooth[top])


def prior(line: Line, seconds: float) -> float:
    """Say how far to believe in a line before it is looked at, 0..1, if it spans `seconds`.

    Most copies start together at one speed; and the shorter the stretch, the more easily a
    change of speed fits two different films.
    """
    if line.speed == 1.0:
        return 1.0 if line.offset == 0.0 else 0.97
    usual = 0.90 if line.speed in USUAL_SPEEDS else 0.885
    return usual if seconds >= SHORT_SECONDS else usual - 0.15


def _residual_weight(found: Points, line: Line, tolerance: float) -> NDArray[np.float64]:
    """Weigh every point by how close to the line it lies (Tukey's biweight)."""
    off = (found.b - line.speed * found.a - line.offset) / tolerance
    inside = np.abs(off) < 1.0
    return np.where(inside, (1.0 - off**2) ** 2, 0.0) * found.weight


def _voted(found: Points, line: Line, tolerance: float) -> Line:
    """Count every frame of a once and every frame of b once, each by its best point on the line."""
    weight = _residual_weight(found, line, tolerance)
    used = np.flatnonzero(weight)
    best_a = np.zeros(int(found.row.max()) + 1)
    best_b = np.zeros(int(found.column.max()) + 1)
    np.maximum.at(best_a, found.row[used], weight[used])
    np.maximum.at(best_b, found.column[used], weight[used])
    return Line(line.speed, line.offset, min(float(best_a.sum()), float(best_b.sum())))


def _least_squares(found: Points, line: Line, tolerance: float) -> Line:
    weight = _residual_weight(found, line, tolerance)
    total = weight.sum()
    if total <= 0:
        return line
    mean_a, mean_b = (weight @ found.a) / total, (weight @ found.b) / total
    spread = weight @ (found.a - mean_a) ** 2
    # Too short a stretch to tell its speed: keep it.
    if spread < total * tolerance**2:
        return Line(line.speed, float(mean_b - line.speed * mean_a), 0.0)
    speed = float((weight * (found.a - mean_a)) @ (found.b - mean_b) / spread)
    speed = min(max(speed, SLOWEST), FASTEST)
    return Line(speed, float(mean_b - speed * mean_a), 0.0)


def _shifted(found: Points, speed: float, near: Line, tolerance: float) -> Line:
    """Return the best line of this speed close to `near`."""
    weight = _residual_weight(found, near, tolerance)
    total = weight.sum()
    if total <= 0:
        return Line(speed, near.offset, 0.0)
    centre = float(weight @ found.a / total)
    line = Line(speed, near.speed * centre + near.offset - speed * centre, 0.0)
    for _ in range(3):
        weight = _residual_weight(found, line, tolerance)
        if weight.sum() <= 0:
            return line
        shift = float(weight @ (found.b - speed * found.a) / weight.sum())
        line = Line(speed, shift, 0.0)
    return _voted(found, line, tolerance)


def _unhurried(found: Points, line: Line, tolerance: float) -> Line:
    """Return the line at the nearest usual speed, if one is near; else the line."""
    usual = min(USUAL_SPEEDS, key=lambda speed: abs(speed - line.speed))
    if line.speed == usual or abs(usual - line.speed) > 0.05 or line.votes <= 0:  # noqa: PLR2004
        return line
    return _shifted(found, usual, line, tolerance)


def _same(one: Line, other: Line, tolerance: float) -> bool:
    return abs(one.offset - other.offset) < tolerance and abs(one.speed - other.speed) < 0.01  # noqa: PLR2004
