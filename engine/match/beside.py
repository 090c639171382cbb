"""Which embedded frames of two films stand side by side: those that show the same second."""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.model import Clip, EmbeddedFrames, Segment
from autodedup.engine.match.sights import Places

LEAST_FRAMES = 5  # side by side; fewer do not tell what moves
LEEWAYS = (0.13, 0.3, 0.5)  # seconds between two frames side by side: the closest that will do
MOST_FRAMES = 60  # of a pair; more tell no more


def embeddings_of(clip: Clip) -> EmbeddedFrames:
    """Return a clip's embeddings.

    Raises:
        ValueError: It has none.
    """
    if clip.embeddings is None:
        raise ValueError(f"clip {clip.key} has no embeddings")
    return clip.embeddings


def embedded_seconds(clip: Clip) -> NDArray[np.float64]:
    """Return (K,): when each embedded frame is shown."""
    seconds: NDArray[np.float64] = clip.times_seconds[embeddings_of(clip).places]
    return seconds


def rows_beside(
    pair: tuple[Clip, Clip], segments: tuple[Segment, ...]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Return (n, V, 128) each: the views of frames of a and of b, over all that they share.

    Raises:
        ValueError: One of them has no embeddings.
    """
    for leeway in LEEWAYS:
        mine, its = places_beside(pair, segments, leeway)
        if len(mine) >= LEAST_FRAMES:
            break
    if len(mine) > MOST_FRAMES:
        some = np.linspace(0, len(mine) - 1, MOST_FRAMES).astype(np.intp)
        mine, its = mine[some], its[some]
    return embeddings_of(pair[0]).rows[mine], embeddings_of(pair[1]).rows[its]


def places_beside(
    pair: tuple[Clip, Clip], segments: tuple[Segment, ...], leeway: float
) -> tuple[Places, Places]:
    """Return which embedded frames of a and of b show the same second, give or take `leeway`.

    Raises:
        ValueError: One of them has no embeddings.
    """
    a_times, b_times = (embedded_seconds(clip) for clip in pair)
    mine, its = [np.zeros(0, dtype=np.intp)], [np.zeros(0, dtype=np.intp)]
    for segment in segments if len(b_times) else ():
        inside = np.flatnonzero((a_times >= segment.a_start) & (a_times <= segment.a_end))
        wanted = segment.b_start + (a_times[inside] - segment.a_start) * segment.speed
        after = np.minimum(np.searchsorted(b_times, wanted), len(b_times) - 1)
        before = np.maximum(after - 1, 0)
        earlier = np.abs(b_times[before] - wanted) <= np.abs(b_times[after] - wanted)
        nearest = np.where(earlier, before, after)
        close = np.abs(b_times[nearest] - wanted) <= leeway
        mine.append(inside[close])
        its.append(nearest[close])
    return np.concatenate(mine), np.concatenate(its)
