"""Which pairs of clips to look at closely: those of which some frames look alike to a witness.

Small libraries are searched exactly, every frame against every frame, in tiles of bounded size.
Large ones by a multi-index (Norouzi, Punjani and Fleet 2012): hashes are cut into chunks, and
only frames that agree in one whole chunk are compared. A clip's frames are thinned first: a
still stretch is looked up once.

A frame found in many clips that have little else in common with its own (black, a logo, a test
card) weighs little; one that would be compared with too many others is not looked up at all.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.errors import CancelledError
from autodedup.engine.match.frames import FrameTable, frame_table
from autodedup.engine.match.looks import Look
from autodedup.engine.match.model import Clip
from autodedup.engine.match.neighbours import Pairs, neighbours
from autodedup.engine.match.search import Hits, similar_frames

MOST_LOOKS = 4  # of one pair, the best supported
LEAST_SUPPORT = 0.2  # summed frame weight under which a pair is not looked at


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two clips (places in the list that was searched), and the looks worth trying, best first.

    `embedded` says that many of their frames lie close by embeddings of one recipe too, or only
    by them.
    """

    a: int
    b: int
    looks: tuple[Look, ...]
    support: float
    embedded: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The pairs to look at, best supported first, and what each clip's frames weigh.

    `weights[n]` is (N,) float64 in 0..1 for the frames of the n-th clip; 0 does not vote.
    """

    pairs: tuple[Candidate, ...]
    weights: tuple[NDArray[np.float64], ...]


def find_candidates(
    clips: Sequence[Clip],
    near_bits: int,
    *,
    stop: threading.Event,
    like: int | None = None,
    report: Callable[[float], None] = lambda _: None,
) -> Candidates:
    """Return the pairs of clips that may share something.

    Args:
        clips: What to search.
        near_bits: Two frames within this many bits of 256 are alike.
        stop: Set by whoever wants the search to end early.
        like: The place of one clip; only pairs with it are returned.
        report: Takes the share that is done, 0..1.

    Raises:
        CancelledError: `stop` was set.
    """
    table = frame_table(clips)
    hits = similar_frames(table, near_bits, like=like, stop=stop, report=report)
    close = neighbours(clips, table, like=like, stop=stop)
    if stop.is_set():
        raise CancelledError("The search was cancelled; nothing was changed.")
    weight = _weights(table, hits, len(clips))
    return Candidates(
        pairs=_with_neighbours(_supported_pairs(table, hits, weight), close),
        weights=tuple(table.spread(weight, clip, place) for place, clip in enumerate(clips)),
    )


def _weights(table: FrameTable, hits: Hits, clips: int) -> NDArray[np.float64]:
    """Weigh the table's frames: little where it is found in clips that share nothing else."""
    if not len(hits.whole):
        return np.ones(len(table.owner))
    frame = np.concatenate((hits.whole, hits.viewed))
    other = table.owner[np.concatenate((hits.viewed, hits.whole))]
    found = np.unique(frame.astype(np.int64) * clips + other)
    frame, other = found // clips, found % clips
    pair = table.owner[frame] * clips + other
    pairs, where, shared = np.unique(pair, return_inverse=True, return_counts=True)
    share = shared / np.bincount(table.owner, minlength=clips)[pairs // clips]
    # A film that is a small part of this one is no stranger to it: all that it has is here.
    back = np.searchsorted(pairs, pairs % clips * clips + pairs // clips)
    share = np.maximum(share, share[back])
    strangers = np.bincount(frame, 1.0 - share[where], minlength=len(table.owner))
    # Two or three strange clips may share a shot with this one; ten share a logo.
    return 1.0 / (1.0 + (strangers / 4.0) ** 2)


def _supported_pairs(
    table: FrameTable, hits: Hits, weight: NDArray[np.float64]
) -> tuple[Candidate, ...]:
    support: dict[tuple[int, int], dict[Look, float]] = {}
    whole_owner, viewed_owner = table.owner[hits.whole], table.owner[hits.viewed]
    swapped = whole_owner > viewed_owner
    low, high = np.minimum(whole_owner, viewed_owner), np.maximum(whole_owner, viewed_owner)
    keys = np.stack((low, high, swapped, hits.view, hits.turn), axis=1)
    looks, where = np.unique(keys, axis=0, return_inverse=True)
    # A frame of the whole side counts once a look, however many frames of the other it meets.
    met = np.unique(np.stack((where.ravel(), hits.whole), axis=1), axis=0)
    value = np.bincount(met[:, 0], weight[met[:, 1]], minlength=len(looks))
    for (a, b, turned_b, view, turn), worth in zip(looks.tolist(), value.tolist(), strict=True):
        look = Look("b" if turned_b else "a", view, turn)
        support.setdefault((a, b), {})[look] = worth
    found = [
        _candidate(pair, looks_of_pair)
        for pair, looks_of_pair in support.items()
        if max(looks_of_pair.values()) >= LEAST_SUPPORT
    ]
    return tuple(sorted(found, key=lambda c: (-c.support, c.a, c.b)))


def _with_neighbours(found: tuple[Candidate, ...], close: Pairs) -> tuple[Candidate, ...]:
    """Mark the pairs that embeddings speak for too, and add those that only they speak for."""
    marked = [replace(c, embedded=(c.a, c.b) in close) for c in found]
    known = {(c.a, c.b) for c in found}
    fresh = sorted((-share, pair) for pair, share in close.items() if pair not in known)
    return (*marked, *(Candidate(*pair, (), -less, embedded=True) for less, pair in fresh))


def _candidate(pair: tuple[int, int], looks: dict[Look, float]) -> Candidate:
    # At equal support the plainer look first: the whole picture, upright.
    ranked = sorted(looks, key=lambda look: (-looks[look], look.turn, look.view, look.whole))
    return Candidate(*pair, tuple(ranked[:MOST_LOOKS]), looks[ranked[0]])
