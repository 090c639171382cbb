"""Which seconds of a film stand still while its copy goes on: a stutter, a freeze, a held picture.

They show nothing that the copy lacks, as long as they show what is seen just before or after: a
card that was put in does not. Only a film that moves can be seen to stand still: before a camera
that nothing passes, seconds that were cut out may have shown something small.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.looks import WHOLE_VIEW, bit_distances, paired_distances
from autodedup.engine.match.model import Clip

Spans = tuple[tuple[float, float], ...]

_STILL_BITS = 2  # from one frame to the next of a picture that is held
_MOVING_BITS = 8  # from one frame to the next, in the median, of a film that moves
_GOES_ON_SECONDS = 0.5  # of the copy that may be missing between two of its stretches
_ABOUT_SECONDS = 1.0  # by which a film may have come to rest before a stretch of it ends
_STILL_SHARE = 0.7  # of a gap that must stand still


def pauses(clip: Clip, spans: Spans, of_copy: Spans) -> Spans:
    """Return the gaps between a clip's spans in which it stands still, in seconds.

    Args:
        clip: A film.
        spans: From which to which of its seconds a copy shows the same, in order.
        of_copy: The copy's seconds, one for each of the spans.
    """
    if len(clip.times_seconds) < 3 or len(spans) < 2:  # noqa: PLR2004  # there is no gap, or nothing to see in it
        return ()
    whole = np.ascontiguousarray(clip.hashes[:, WHOLE_VIEW])
    moved = paired_distances(whole[1:], whole[:-1])
    if np.median(moved) < _MOVING_BITS:
        return ()
    found = []
    for (last, after), (ended, begins) in zip(
        itertools.pairwise(spans), itertools.pairwise(of_copy), strict=True
    ):
        gap = after[0] - last[1]
        goes_on = abs(begins[0] - ended[1]) <= _GOES_ON_SECONDS
        if gap > 0 and goes_on and _still(clip, moved, last[1], after[0]) >= _STILL_SHARE * gap:
            found.append((last[1], after[0]))
    return tuple(found)


def _still(clip: Clip, moved: NDArray[np.uint16], start: float, end: float) -> float:
    """Return for how many seconds around a gap a clip holds a picture that it shows beside it."""
    times = clip.times_seconds
    about = np.flatnonzero((times > start - _ABOUT_SECONDS) & (times < end + _ABOUT_SECONDS))
    shown = about[(times[about] < start) | (times[about] > end)]
    still = about[about < len(moved)]
    still = still[moved[still] <= _STILL_BITS]
    if not len(still) or not len(shown):
        return 0.0
    whole = np.ascontiguousarray(clip.hashes[:, WHOLE_VIEW])
    elsewhere = bit_distances(whole[still], whole[shown]).min(axis=1)
    return float(np.diff(times)[still[elsewhere <= _STILL_BITS]].sum())
