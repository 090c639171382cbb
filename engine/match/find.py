"""All pairs of clips that show the same, and how: candidates, then alignment, then judgement."""

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext

from autodedup.engine.errors import CancelledError
from autodedup.engine.gpu.search import GpuSearch
from autodedup.engine.match.candidates import find_candidates
from autodedup.engine.match.compare import compare
from autodedup.engine.match.memory import SearchMemory
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.match.thresholds import Thresholds


def find_pairs(
    clips: Sequence[Clip],
    thresholds: Thresholds,
    *,
    report: Callable[[int, int], None],
    stop: threading.Event,
    like: int | None = None,
    memory: SearchMemory | None = None,
    gpu: GpuSearch | None = None,
) -> list[PairMatch]:
    """Return every pair of clips that show the same, or share some seconds.

    Args:
        clips: What to compare; their keys differ.
        thresholds: What counts as alike, with the profile.
        report: Takes (done, total) pairs, rising.
        stop: Set to end the search.
        like: The key of one clip; only its pairs are looked for.
        memory: What an earlier search of the library left behind, and what this one leaves.
        gpu: What searches very many frames, where there is one.

    Returns:
        The matches, `a` before `b` as in `clips`, best supported candidates first.

    Raises:
        CancelledError: `stop` was set.
    """
    places = {clip.key: place for place, clip in enumerate(clips)}
    with nullcontext() if memory is None else memory.lock:
        found = find_candidates(
            clips,
            thresholds.near_bits,
            stop=stop,
            like=None if like is None else places[like],
            memory=memory,
            gpu=gpu,
        )
    matches: list[PairMatch] = []
    for done, pair in enumerate(found.pairs):
        if stop.is_set():
            raise CancelledError("The search was cancelled; nothing was changed.")
        report(done, len(found.pairs))
        # What is said of two films must not hang on which of them came first.
        in_order = _rank(clips[pair.a]) <= _rank(clips[pair.b])
        candidate = pair if in_order else pair.swapped()
        match = compare(
            (clips[candidate.a], clips[candidate.b]),
            (found.weights[candidate.a], found.weights[candidate.b]),
            candidate.looks,
            thresholds,
            views=candidate.views,
        )
        if match is not None:
            matches.append(match if in_order else match.swapped())
    report(len(found.pairs), len(found.pairs))
    return matches


def _rank(clip: Clip) -> tuple[float, int, int, bytes]:
    """Return by what two clips are put into one order: what they are, and no number given them."""
    return clip.seconds, len(clip.times_seconds), clip.size_bytes, clip.hashes[:1].tobytes()
