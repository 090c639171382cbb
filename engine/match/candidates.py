"""Which pairs of clips to look at closely: those of which some frames look alike to a witness.

Small libraries are searched exactly, every frame against every frame, in tiles of bounded size.
Large ones by a multi-index (Norouzi, Punjani and Fleet 2012): hashes are cut into chunks, and
only frames that agree in one whole chunk are compared. A clip's frames are thinned first: a
still stretch is looked up once.

A frame found in many clips that have little else in common with its own (black, a logo, a test
card) weighs little; one that would be compared with too many others is not looked up at all.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.errors import CancelledError
from autodedup.engine.gpu.search import GpuSearch
from autodedup.engine.match.frames import COMMON_WEIGHT, FrameTable, frame_table
from autodedup.engine.match.looks import Look
from autodedup.engine.match.memory import SearchMemory
from autodedup.engine.match.model import Clip
from autodedup.engine.match.neighbours import Pairs, neighbours
from autodedup.engine.match.rows import counted, distinct
from autodedup.engine.match.search import Hits, similar_frames
from autodedup.engine.match.sights import ViewPair

MOST_LOOKS = 4  # of one pair, the best supported
_LOOK_BITS = 7  # which side is whole (1), which view (3) and turn (3)
LEAST_SUPPORT = 0.2  # summed frame weight under which a pair is not looked at


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two clips (places in the list that was searched), and the looks worth trying, best first.

    `views` are those in which many of their frames lie close by embeddings of one recipe, too or
    only by them.
    """

    a: int
    b: int
    looks: tuple[Look, ...]
    support: float
    views: tuple[ViewPair, ...] = ()

    def swapped(self) -> "Candidate":
        """Return the same with the second clip first."""
        looks = tuple(look.swapped() for look in self.looks)
        views = tuple(ViewPair(views.b, views.a) for views in self.views)
        return Candidate(self.b, self.a, looks, self.support, views)


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """The pairs to look at, best supported first, and what each clip's frames weigh.

    `weights[n]` is (N,) float64 in 0..1 for the frames of the n-th clip, if it is in a pair; 0
    does not vote.
    """

    pairs: tuple[Candidate, ...]
    weights: Mapping[int, NDArray[np.float64]]


def find_candidates(
    clips: Sequence[Clip],
    near_bits: int,
    *,
    stop: threading.Event,
    like: int | None = None,
    report: Callable[[float], None] = lambda _: None,
    memory: SearchMemory | None = None,
    gpu: GpuSearch | None = None,
) -> Candidates:
    """Return the pairs of clips that may share something.

    Args:
        clips: What to search.
        near_bits: Two frames within this many bits of 256 are alike.
        stop: Set by whoever wants the search to end early.
        like: The place of one clip; only pairs with it are returned.
        report: Takes the share that is done, 0..1.
        memory: What an earlier search of these clips left behind; nobody else uses it meanwhile.
        gpu: What searches very many frames, where there is one.

    Raises:
        CancelledError: `stop` was set.
    """
    table = frame_table(clips) if memory is None else memory.table(clips)
    hits = similar_frames(
        table, near_bits, like=like, stop=stop, report=report, memory=memory, gpu=gpu
    )
    embedded = None if memory is None else memory.embedded
    close = neighbours(clips, table, like=like, stop=stop, memory=embedded)
    if stop.is_set():
        raise CancelledError("The search was cancelled; nothing was changed.")
    weight = _weights(table, hits, len(clips))
    pairs = _with_neighbours(_supported_pairs(table, hits, weight), close)
    met = sorted({place for pair in pairs for place in (pair.a, pair.b)})
    return Candidates(pairs, {place: table.spread(weight, clips[place], place) for place in met})


def _weights(table: FrameTable, hits: Hits, clips: int) -> NDArray[np.float64]:
    """Weigh the table's frames: little where it is found in clips that share nothing else."""
    if not len(hits.whole):
        return np.ones(len(table.owner))
    frame = np.concatenate((hits.whole, hits.viewed))
    other = table.owner[np.concatenate((hits.viewed, hits.whole))]
    found = distinct((frame * clips + other).astype(np.uint64)).astype(np.int64)
    frame, other = found // clips, found % clips
    pair = table.owner[frame] * clips + other
    ranked, shared = counted(pair.astype(np.uint64))
    pairs = ranked.astype(np.int64)
    share = shared / table.counts(clips)[pairs // clips]
    # A film that is a small part of this one is no stranger to it: all that it has is here.
    back = np.searchsorted(pairs, pairs % clips * clips + pairs // clips)
    share = np.maximum(share, share[back])[np.searchsorted(pairs, pair)]
    begins = np.diff(frame, prepend=-1) > 0
    strangers = np.bincount(np.cumsum(begins) - 1, 1.0 - share)
    # Two or three strange clips may share a shot with this one; ten share a logo.
    weight = np.ones(len(table.owner))
    weight[frame[begins]] = 1.0 / (1.0 + (strangers / 4.0) ** 2)
    return weight


def _supported_pairs(
    table: FrameTable, hits: Hits, weight: NDArray[np.float64]
) -> tuple[Candidate, ...]:
    clips = int(table.owner[-1]) + 1 if len(table.owner) else 1
    # What one side finds everywhere does not vote when the pair is looked at. Of one clip that is
    # looked up it is known, of those that it meets it is not: theirs met nobody else.
    rare = np.minimum(weight[hits.whole], weight[hits.viewed]) >= COMMON_WEIGHT
    hits = hits.only(rare)
    whole_owner, viewed_owner = table.owner[hits.whole], table.owner[hits.viewed]
    swapped = whole_owner > viewed_owner
    low, high = np.minimum(whole_owner, viewed_owner), np.maximum(whole_owner, viewed_owner)
    look = ((swapped << 3 | hits.view) << 3) | hits.turn
    keys = ((low * clips + high) << _LOOK_BITS | look).astype(np.uint64)
    looks = distinct(keys)
    # A frame of the whole side counts once a look, however many frames of the other it meets.
    met = distinct(
        np.searchsorted(looks, keys).astype(np.uint64) * np.uint64(len(table.owner))
        + hits.whole.astype(np.uint64)
    ).astype(np.int64)
    frame = met % max(1, len(table.owner))
    value = np.bincount(met // max(1, len(table.owner)), weight[frame], minlength=len(looks))
    support: dict[tuple[int, int], dict[Look, float]] = {}
    worth_a_look = np.flatnonzero(value >= LEAST_SUPPORT)
    pairs = np.isin(looks >> _LOOK_BITS, looks[worth_a_look] >> _LOOK_BITS)
    for key, worth in zip(looks[pairs].tolist(), value[pairs].tolist(), strict=True):
        (a, b), (way, turn) = divmod(key >> _LOOK_BITS, clips), divmod(key & 63, 8)
        turned_b = bool(key >> 6 & 1)
        support.setdefault((a, b), {})[Look("b" if turned_b else "a", way, turn)] = worth
    found = [_candidate(pair, looks_of_pair) for pair, looks_of_pair in support.items()]
    return tuple(sorted(found, key=lambda c: (-c.support, c.a, c.b)))


def _with_neighbours(found: tuple[Candidate, ...], close: Pairs) -> tuple[Candidate, ...]:
    """Mark the pairs that embeddings speak for too, and add those that only they speak for."""
    marked = [replace(c, views=close[c.a, c.b].views) if (c.a, c.b) in close else c for c in found]
    known = {(c.a, c.b) for c in found}
    fresh = sorted((-near.share, pair) for pair, near in close.items() if pair not in known)
    return (
        *marked,
        *(Candidate(*pair, (), -less, close[pair].views) for less, pair in fresh),
    )


def _candidate(pair: tuple[int, int], looks: dict[Look, float]) -> Candidate:
    # At equal support the plainer look first: the whole picture, upright.
    ranked = sorted(looks, key=lambda look: (-looks[look], look.turn, look.view, look.whole))
    return Candidate(*pair, tuple(ranked[:MOST_LOOKS]), looks[ranked[0]])
