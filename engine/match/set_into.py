"""Is a film that is seen in a window of another an inset in it, and not a crop of it?

Both look the same. But a cut goes through a whole picture: where what lies around the window has
cuts of its own, while the film in it goes on, another film is around it. Blurred bars and borders
have no cuts of their own, and a film without cuts does not tell.
"""

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.shapes import SMALL, WINDOWS, in_common
from autodedup.engine.embedding.storage import directions
from autodedup.engine.match.beside import (
    LEAST_FRAMES,
    LEEWAYS,
    embedded_seconds,
    embeddings_of,
    places_beside,
)
from autodedup.engine.match.model import Clip, Segment
from autodedup.engine.match.sights import ViewPair

_NINE = range(1, 10)  # the windows of `embedding.shapes` that show what lies around
_CUT = 0.5  # a picture whose cosine falls by so much from one frame to the next is another one
_GOES_ON = 0.3  # by less, and the film goes on
_FOLLOWS_SECONDS = 2.1  # frames further apart do not follow each other
_INSIDE = 0.5  # of a window that may lie in the one with the film, to show what is around it
_LEAST_CUTS, _LEAST_SHARE = 2, 0.5  # of the cuts around, those during which the film goes on


def is_set_into_another(
    pair: tuple[Clip, Clip], segments: tuple[Segment, ...], views: ViewPair
) -> bool:
    """Say whether what lies around the window that shows a film has cuts that the film has not.

    Args:
        pair: The films, a and b.
        segments: The seconds that they share.
        views: The small whole of the one, and the window of the other that shows it.

    Raises:
        ValueError: One of the films has no embeddings.
    """
    a_places, b_places = places_beside(pair, segments, LEEWAYS[1])
    if len(a_places) < LEAST_FRAMES:
        return False
    film, around, window = (*pair, views.b) if views.a == SMALL else (*pair[::-1], views.a)
    at, beside = (a_places, b_places) if views.a == SMALL else (b_places, a_places)
    own = directions(embeddings_of(film).rows[at, SMALL])
    rows = directions(embeddings_of(around).rows[beside])
    follows = np.abs(np.diff(embedded_seconds(film)[at])) <= _FOLLOWS_SECONDS
    goes_on = np.maximum(_changes(own), _changes(rows[:, window])) < _GOES_ON
    for number in _NINE:
        if _share_inside(number, window) > _INSIDE:
            continue
        shown = np.count_nonzero(rows[:, number], axis=1) > 0
        cuts = follows & shown[1:] & shown[:-1] & (_changes(rows[:, number]) > _CUT)
        if int((cuts & goes_on).sum()) >= max(_LEAST_CUTS, _LEAST_SHARE * int(cuts.sum())):
            return True
    return False


def _changes(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n - 1,): by how much each frame differs from the one before, one less the cosine."""
    changes: NDArray[np.float32] = 1.0 - (frames[1:] * frames[:-1]).sum(axis=1)
    return changes


def _share_inside(one: int, other: int) -> float:
    """Return how much of one window lies inside another, 0..1."""
    windows = tuple(WINDOWS.values())
    left, top, right, bottom = windows[one]
    return in_common(windows[one], windows[other]) / ((right - left) * (bottom - top))
