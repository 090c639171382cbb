"""Is a line more than chance and stillness would give? The witnesses, from signatures alone.

A background that stands still agrees at every offset; a copy agrees at one. So the frames on the
line are compared with the same frames elsewhere, and what changes in one clip with what changes
in the other (bits of a frame's hash that differ from the clip's usual bits). A clip that truly
stands still has only its closeness to speak for it, and is held to a tighter limit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.align import Line
from autodedup.engine.match.sights import Sight

CLOSEST_TOLERANCE, WIDEST_TOLERANCE = 0.12, 0.6  # seconds
# Of the finer clip's step, in which the other's frames are looked for. Frames of a film that is
# looked at sparsely begin a shot: only the next frame of the other clip shows it, a step later.
_OF_STEP, _OF_STEP_SPARSE = 0.6, 1.05
_SPARSE = 4.0  # times the other's step
CHANCE_BITS = 128.0  # what two unrelated frames differ by on average, of 256
_CALM_CONTRAST = 30.0  # what lies so much closer than at other times does not run backwards
_BACKWARDS_FRAMES = 12  # fewer do not tell in which direction a film runs
_BACKWARDS_SHIFT, _BACKWARDS_SHARE = 0.5, 0.5  # of the seconds and of the frames
_BACKWARDS_LINES = 120
_BACKWARDS_BITS, _BACKWARDS_CLOSER = 3.0, 0.25  # so many, or a share of what it is forwards
NEUTRAL_BITS = 90.0  # halfway between a hard edit of one picture and two pictures


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """The frame pairs that a line puts side by side: places in a and b, and their distance.

    `tolerance` is how far apart in time (seconds of b) the two frames of a pair may be.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    bits: NDArray[np.uint8]
    tolerance: float


@dataclass(frozen=True, slots=True)
class Witness:
    """What speaks for and against a line.

    frames      compared pairs of frames
    scenes      how many different pictures are among those that agree
    agreement   0..1, the share of compared pairs closer than neutral
    mean_bits   mean distance of all compared pairs; `high_bits` see `_high`
    worst_bits  the largest distance of those that agree
    elsewhere   mean distance of the same frames at other times; NaN where there are none
    motion      -1..1, correlation of what changes in both clips; NaN where too little changes
    half_motion the same of that half of the pairs in which they move less alike
    """

    frames: int
    scenes: int
    agreement: float
    mean_bits: float
    high_bits: float
    worst_bits: float
    elsewhere: float
    motion: float
    half_motion: float = float("nan")


def usual_steps(*times: NDArray[np.float64]) -> list[float]:
    """Return the median seconds between two frames, of each clip that has two."""
    return [float(np.median(np.diff(t))) for t in times if len(t) > 1]


def tolerance_for(a_times: NDArray[np.float64], b_times: NDArray[np.float64]) -> float:
    """Return how far apart in time two frames may be and still be asked to show the same."""
    steps = usual_steps(a_times, b_times)
    finer, coarser = min(steps, default=1.0), max(steps, default=1.0)
    if coarser >= _SPARSE * finer:
        return max(_OF_STEP_SPARSE * min(finer, 1.0), CLOSEST_TOLERANCE)
    return min(max(_OF_STEP * finer, CLOSEST_TOLERANCE), WIDEST_TOLERANCE)


def path_along(
    line: Line,
    distance: NDArray[np.uint8],
    a_times: NDArray[np.float64],
    b_times: NDArray[np.float64],
    tolerance: float,
) -> Path:
    """Return what the line puts side by side, asked from the side with fewer frames a second."""
    expected = line.at(a_times)
    inside_a = int(
        ((expected >= b_times[0] - tolerance) & (expected <= b_times[-1] + tolerance)).sum()
    )
    back = (b_times - line.offset) / line.speed
    inside_b = int(((back >= a_times[0] - tolerance) & (back <= a_times[-1] + tolerance)).sum())
    if inside_a <= inside_b:
        rows, columns, bits = _closest(distance, expected, b_times, tolerance)
    else:
        columns, rows, bits = _closest(distance.T, b_times, expected, tolerance)
    return Path(rows, columns, bits, tolerance)


def _closest(
    distance: NDArray[np.uint8],
    wanted: NDArray[np.float64],
    times: NDArray[np.float64],
    tolerance: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.uint8]]:
    """For each wanted time, find the nearest-looking of the frames within the tolerance."""
    first = np.searchsorted(times, wanted - tolerance, side="left")
    past = np.searchsorted(times, wanted + tolerance, side="right")
    rows = np.flatnonzero(past > first)
    best = np.full(len(rows), 255, dtype=np.uint8)
    columns = first[rows].copy()
    for step in range(int((past - first).max(initial=0))):
        at = first[rows] + step
        inside = at < past[rows]
        bits = np.where(inside, distance[rows, np.minimum(at, len(times) - 1)], 255)
        closer = bits < best
        best[closer] = bits[closer]
        columns[closer] = at[closer]
    return rows, columns, best


def testify(
    path: Path,
    line: Line,
    sight: Sight,
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> Witness:
    """Weigh one line by what one witness sees on it and beside it."""
    if not len(path.rows):
        return Witness(
            frames=0,
            scenes=0,
            agreement=0.0,
            mean_bits=CHANCE_BITS,
            high_bits=CHANCE_BITS,
            worst_bits=CHANCE_BITS,
            elsewhere=float("nan"),
            motion=float("nan"),
        )
    agree = path.bits <= NEUTRAL_BITS
    return Witness(
        frames=len(path.rows),
        scenes=sight.scenes(path.rows[agree], path.columns[agree]),
        agreement=float(agree.mean()),
        mean_bits=float(path.bits.mean()),
        high_bits=_high(path.bits),
        worst_bits=float(path.bits[agree].max(initial=0)),
        elsewhere=_elsewhere(path, line, times, sight.distance),
        motion=sight.motion(path.rows, path.columns),
        half_motion=sight.motion_of_halves(path.rows, path.columns),
    )


def runs_backwards(
    witness: Witness,
    path: Path,
    line: Line,
    sight: Sight,
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> bool:
    """Say whether two calm films lie clearly closer where one of them is played backwards.

    `witness` is what the rest, as `testify` takes it, says of them forwards.
    """
    forwards = witness.mean_bits
    if not witness.elsewhere - forwards < _CALM_CONTRAST:  # which may not be a number
        return False
    closer = forwards - _backwards(path, line, times, sight.distance)
    return closer >= max(_BACKWARDS_BITS, _BACKWARDS_CLOSER * forwards)


def _high(bits: NDArray[np.uint8]) -> float:
    """Return what nine in ten of the pairs lie within, isolated ones forgiven.

    Where things move fast, a frame that falls between two of the other clip stands out alone;
    where two takes of one scene part, they part for a while.
    """
    padded = np.concatenate((bits[:1], bits, bits[-1:]))
    lowest = np.minimum(np.minimum(padded[:-2], padded[1:-1]), padded[2:])
    return float(np.percentile(lowest, 90))


def _elsewhere(
    path: Path,
    line: Line,
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
    distance: NDArray[np.uint8],
) -> float:
    """Return the mean distance of the path's frames at other times than the line says."""
    rows = np.unique(path.rows)
    columns = np.unique(path.columns)
    apart = np.abs(times[1][columns][None, :] - line.at(times[0][rows])[:, None])
    span = float(times[1][columns[-1]] - times[1][columns[0]])
    far = apart > min(1.0, 0.3 * span) + path.tolerance
    if not far.any():
        return float("nan")
    return float(distance[np.ix_(rows, columns)][far].mean())


def _backwards(
    path: Path,
    line: Line,
    times: tuple[NDArray[np.float64], NDArray[np.float64]],
    distance: NDArray[np.uint8],
) -> float:
    """Return the least mean distance of the path's frames on a line that runs backwards.

    NaN where too few frames are on any.
    """
    rows, columns = np.unique(path.rows), np.unique(path.columns)
    if min(len(rows), len(columns)) < _BACKWARDS_FRAMES:
        return float("nan")
    table = distance[np.ix_(rows, columns)][:, ::-1]
    a, b = line.speed * times[0][rows], -times[1][columns][::-1]
    most = _BACKWARDS_SHIFT * float(b[-1] - b[0])
    step = max(path.tolerance, 2 * most / _BACKWARDS_LINES)
    found = [float("nan")]
    for shift in np.arange(-most, most, step).tolist():
        _, _, bits = _closest(table, a - a[0] + b[0] + shift, b, path.tolerance)
        if len(bits) >= _BACKWARDS_SHARE * len(rows):
            found.append(float(bits.mean()))
    return float(np.fmin.reduce(found))
