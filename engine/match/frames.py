"""The frames that are looked up: every clip's, without the flat ones and the repeated ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.looks import WHOLE_VIEW, paired_distances
from autodedup.engine.match.model import Clip
from autodedup.engine.signature.quality import FAINT, FLAT

COMMON_WEIGHT = 0.25  # frames that weigh less are everyone's: they do not vote
REPEAT_BITS = 8  # a frame this close to the one looked up before it is not looked up again

NIGHT_SECONDS = 2.0  # that faint frames must last to vote


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """The frames of many clips in one row.

    owner   (M,) int64: place of the clip
    place   (M,) int64: place of the frame in its clip
    hashes  (M, V, 32) uint8
    """

    owner: NDArray[np.int64]
    place: NDArray[np.int64]
    hashes: NDArray[np.uint8]

    def counts(self, clips: int) -> NDArray[np.int64]:
        """Return (clips,) how many frames each clip has in the table."""
        edges: NDArray[np.int64] = np.searchsorted(self.owner, np.arange(clips + 1))
        return np.diff(edges)

    def frames_of(self, owner: int) -> NDArray[np.int64]:
        """Return the places in the table of one clip's frames, rising."""
        low, high = np.searchsorted(self.owner, (owner, owner + 1)).tolist()
        return np.arange(low, high, dtype=np.int64)

    def spread(self, weight: NDArray[np.float64], clip: Clip, owner: int) -> NDArray[np.float64]:
        """Return (N,) weights of all frames of a clip: repeats weigh what the first one does."""
        own = self.frames_of(owner)
        votes = voting(clip)
        if not len(own):
            return votes.astype(np.float64)
        place = np.searchsorted(self.place[own], np.arange(len(votes)), side="right") - 1
        return weight[own[np.maximum(place, 0)]] * votes


def voting(clip: Clip) -> NDArray[np.bool_]:
    """Say which frames of a clip may vote: those with something to see in them.

    Faint ones do in a night scene, which lasts, and not in a fade, which passes.
    """
    faint = (clip.quality >= FLAT) & (clip.quality < FAINT)
    edges = np.flatnonzero(np.diff(faint.astype(np.int8), prepend=0, append=0)).reshape(-1, 2)
    votes: NDArray[np.bool_] = clip.quality >= FAINT
    last = len(faint) - 1
    for first, past in edges.tolist():
        begin, end = clip.times_seconds[max(first - 1, 0)], clip.times_seconds[min(past, last)]
        if end - begin >= NIGHT_SECONDS or past - first == len(faint):
            votes[first:past] = True
    return votes


def frame_table(clips: Sequence[Clip]) -> FrameTable:
    """Return the frames to look up, by clip and time."""
    places = [_distinct(clip) for clip in clips]
    hashes = [clip.hashes[place] for clip, place in zip(clips, places, strict=True)]
    counts = [len(place) for place in places]
    return FrameTable(
        owner=np.repeat(np.arange(len(clips), dtype=np.int64), counts),
        place=np.concatenate(places) if places else np.zeros(0, dtype=np.int64),
        hashes=np.concatenate(hashes) if hashes else np.zeros((0, 1, 32), dtype=np.uint8),
    )


def _distinct(clip: Clip) -> NDArray[np.int64]:
    """Return the places of the voting frames that differ from the one taken before them."""
    votes = np.flatnonzero(voting(clip))
    whole = np.ascontiguousarray(clip.hashes[votes, WHOLE_VIEW])
    moved = paired_distances(whole[1:], whole[:-1]) > REPEAT_BITS
    taken: list[int] = []
    here = 0
    while here < len(votes):
        # Where each differs from the one before it, all are taken.
        ahead = moved[here:]
        still = here + (len(ahead) if ahead.all() else int(ahead.argmin()))
        taken += range(here, still)
        here = still
        taken.append(here)
        rest = whole[here + 1 :]
        changed = paired_distances(np.broadcast_to(whole[here], rest.shape), rest) > REPEAT_BITS
        here = here + 1 + int(changed.argmax()) if changed.any() else len(votes)
    return votes[taken]
