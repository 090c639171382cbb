"""What two clips are to each other: near, one contained in the other, or overlapping."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.model import Clip, PairRelation, Segment

LONGEST_FRAME_SHARE = 4.0  # seconds one frame may stand for when coverage is measured
_REVERSED_SEGMENTS = 3  # two may be a film whose halves changed places
# Seconds by which a film's middle may miss itself, and what lies on both sides of it its place.
# Runs end where two frames do not agree, so one of few seconds may be known to a second only.
_MIDDLE_SECONDS, _MIRRORED_SECONDS = 0.5, 1.5


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of one clip the segments cover.

    `uncovered` is in seconds; stretches without a frame that votes count as covered. `share` is
    0..1 of what votes.
    """

    share: float
    uncovered: float


def coverage(
    clip: Clip, votes: NDArray[np.bool_], spans: tuple[tuple[float, float], ...]
) -> Coverage:
    """Return how much of a clip lies inside the spans (seconds), by the frames that vote."""
    times = clip.times_seconds
    edges = np.concatenate(([0.0], (times[1:] + times[:-1]) / 2, [max(clip.seconds, times[-1])]))
    stands_for = np.minimum(np.diff(edges), LONGEST_FRAME_SHARE) * votes
    inside = np.zeros(len(times), dtype=bool)
    for start, end in spans:
        inside |= (times >= start - 1e-6) & (times <= end + 1e-6)
    total = float(stands_for.sum())
    missed = float(stands_for[~inside].sum())
    return Coverage(share=1.0 - missed / total if total > 0 else 0.0, uncovered=missed)


def near_slack(seconds: float) -> float:
    """Return how many seconds a near copy may lack: a trimmed black frame, not an intro."""
    return min(max(0.6, 0.04 * seconds), 5.0, 0.25 * seconds)


def inner_slack(seconds: float) -> float:
    """Return how many seconds of a contained clip may be missing from its container."""
    return min(max(0.6, 0.08 * seconds), 5.0, 0.25 * seconds)


def relate(
    a: Clip, b: Clip, of_a: Coverage, of_b: Coverage, segments: tuple[Segment, ...]
) -> tuple[PairRelation, int | None]:
    """Return the relation, and for `contains` the key of the clip that is a part of the other."""
    if not _same_order(segments):
        return "overlap", None
    near_a = of_a.uncovered <= near_slack(a.seconds)
    near_b = of_b.uncovered <= near_slack(b.seconds)
    whole_a = of_a.uncovered <= inner_slack(a.seconds)
    whole_b = of_b.uncovered <= inner_slack(b.seconds)
    # Where only one has more to show, the other is a part of it, however little more it is.
    if near_a == near_b and whole_a and whole_b:
        return "near", None
    if whole_a or whole_b:
        return "contains", a.key if (near_a if whole_a and whole_b else whole_a) else b.key
    return "overlap", None


def is_reversal(segments: tuple[Segment, ...]) -> bool:
    """Say whether the second clip shows the segments from the last to the first.

    A film played backwards agrees with itself for a while wherever little happens, above all in
    the middle, where both show the same second. Two segments tell it if one of them is that middle
    and the other as far behind it in one film as it is before it in the other.
    """
    starts = [segment.b_start for segment in sorted(segments, key=lambda s: s.a_start)]
    if len(starts) <= 1 or starts != sorted(starts, reverse=True):
        return False
    return len(starts) >= _REVERSED_SEGMENTS or _mirrored(segments)


def _mirrored(segments: tuple[Segment, ...]) -> bool:
    """Say whether the segments lie on both sides of one that is at the same seconds in both."""
    middles = [((s.a_start + s.a_end) / 2, (s.b_start + s.b_end) / 2) for s in segments]
    sums = [a + b for a, b in middles]
    still = min(abs(a - b) for a, b in middles)
    return still <= _MIDDLE_SECONDS and max(sums) - min(sums) <= _MIRRORED_SECONDS


def _same_order(segments: tuple[Segment, ...]) -> bool:
    """Say whether both clips show the segments in one order; a reshuffled film is no copy."""
    starts = [segment.b_start for segment in sorted(segments, key=lambda s: s.a_start)]
    return starts == sorted(starts)
