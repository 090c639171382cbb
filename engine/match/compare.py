"""One pair, looked at closely: the best look, the lines that agree, the verdict on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.match.align import Line, Points, best_lines, points, prior
from autodedup.engine.match.composites import shows_another
from autodedup.engine.match.frames import COMMON_WEIGHT
from autodedup.engine.match.judge import confidence_of, judge, judge_embedded
from autodedup.engine.match.looks import Look
from autodedup.engine.match.meaning import agree_in_meaning
from autodedup.engine.match.model import Clip, PairMatch, Segment
from autodedup.engine.match.pauses import pauses
from autodedup.engine.match.relate import coverage, is_reversal, relate
from autodedup.engine.match.segments import (
    apart,
    best_runs,
    in_order,
    part_of,
    scores,
    segment_of,
)
from autodedup.engine.match.sights import EmbeddedSight, HashSight, Sight, ViewPair
from autodedup.engine.match.strict import is_strictly_alike
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import (
    NEUTRAL_BITS,
    WIDEST_TOLERANCE,
    Path,
    path_along,
    runs_backwards,
    testify,
    tolerance_for,
)

MOST_FRAMES = 2500  # of one clip in one comparison; bounds the table of distances
MOST_LINES = 5
HARD_EDIT_BITS = 15  # once a pair is looked at, frames this much further apart may speak too
LEAST_RUN_SCORE = 1.5  # about two clear frames
# What weighs half of what has a say of its own still confirms what others say: one picture weighs
# less in a longer clip, and what one of two clips has to show must be looked for in the other.
_CONFIRMS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The frames of a pair that vote, as one witness sees them."""

    sight: Sight
    times: tuple[NDArray[np.float64], NDArray[np.float64]]
    points: Points
    tolerance: float


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """One line and a run of frames on it that agree."""

    line: Line
    path: Path
    segment: Segment
    score: float


@dataclass(frozen=True, slots=True)
class _Said:
    """What one witness says of a pair, and the views of the embeddings in which it saw it."""

    match: PairMatch
    views: ViewPair | None


def compare(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    looks: Sequence[Look],
    limits: Thresholds,
    *,
    views: Sequence[ViewPair] = (),
) -> PairMatch | None:
    """Return what two clips are to each other, or None where nothing can be shown.

    The hash is asked first: it tells like from same better. Where it has not seen enough to act
    upon, the embedding may have, which sees through more edits. Two films of which one shows
    another besides are told to overlap, whatever else speaks for them.

    Args:
        pair: The clips.
        weights: (N,) of each clip's frames, 0..1.
        looks: Those of the hash that are tried; the best one is kept.
        limits: What is enough.
        views: Those of the embeddings that are worth asking, of clips embedded by one recipe.
    """
    chosen = tuple(_chosen(weight) for weight in weights)
    if not all(len(places) for places in chosen):
        return None
    places = (chosen[0], chosen[1])
    sights = (HashSight(look, pair, places) for look in looks)
    said = _seen(pair, weights, sights, limits)
    if views and not _acts(said):
        seen = (EmbeddedSight(pair, places, each) for each in views)
        said = _seen(pair, weights, seen, limits) or said
    if not _acts(said):
        said = _in_doubt(pair, weights, places, looks, limits) or said
    if said is None:
        return None
    if _acts(said) and shows_another(pair, said.match.segments, said.views):
        return replace(said.match.as_overlap(), composite=True)
    return said.match


def _acts(said: "_Said | None") -> bool:
    return said is not None and said.match.relation != "overlap"


def _in_doubt(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    places: tuple[NDArray[np.intp], NDArray[np.intp]],
    looks: Sequence[Look],
    limits: Thresholds,
) -> _Said | None:
    """Return what the hash would claim under looser limits, if the films mean the same too.

    Meaning is heard in this zone only: what the hash is sure of needs no other witness, and what
    lies beyond the looser limits is not a copy, however alike in meaning.
    """
    if limits.profile != "balanced" or pair[0].meaning is None or pair[1].meaning is None:
        return None
    sights = (HashSight(look, pair, places) for look in looks)
    said = _seen(pair, weights, sights, limits.in_doubt())
    if said is None or not _acts(said):
        return None
    return said if agree_in_meaning(pair, said.match.segments, limits.means_alike) else None


def _seen(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    sights: Iterable[Sight],
    limits: Thresholds,
) -> _Said | None:
    """Return what one witness says: its sights are tried, and the best one kept."""
    best: tuple[float, _Table, list[_Stretch]] | None = None
    for sight in sights:
        if not all(len(places) for places in sight.chosen):
            continue
        table = _table(pair, weights, sight, limits.near_bits)
        stretches = _stretches(table, pair)
        total = _worth(stretches)
        if stretches and (best is None or total > 1.02 * best[0]):
            best = (total, table, stretches)
    match = None if best is None else _match(pair, weights, best[1], best[2], limits)
    return None if best is None or match is None else _Said(match, best[1].sight.views)


def _chosen(weight: NDArray[np.float64]) -> NDArray[np.intp]:
    places = np.flatnonzero(weight >= _CONFIRMS * COMMON_WEIGHT)
    if len(places) > MOST_FRAMES:
        places = places[np.linspace(0, len(places) - 1, MOST_FRAMES).astype(np.intp)]
    return places


def _table(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    sight: Sight,
    near_bits: int,
) -> _Table:
    chosen = sight.chosen
    times = (pair[0].times_seconds[chosen[0]], pair[1].times_seconds[chosen[1]])
    found = points(
        sight.distance,
        *times,
        weights[0][chosen[0]],
        weights[1][chosen[1]],
        near_bits=near_bits + HARD_EDIT_BITS,
    )
    return _Table(sight, times, found, tolerance_for(*times))


def _stretches(table: _Table, pair: tuple[Clip, Clip]) -> list[_Stretch]:
    """Return the agreeing stretches, best first, none of which shows a second twice."""
    taken: list[_Stretch] = []
    left = table.points
    for _ in range(MOST_LINES):
        fresh = _best_line_stretches(table, left, pair, taken)
        if not fresh:
            break
        taken.extend(fresh)
        left = left.without(_shown(left.a, left.b, taken))
    return taken


def _best_line_stretches(
    table: _Table, left: Points, pair: tuple[Clip, Clip], taken: list[_Stretch]
) -> list[_Stretch]:
    best: list[_Stretch] = []
    reach = max(0.3, 1.5 * min(table.tolerance, WIDEST_TOLERANCE))
    for line in (Line(1.0, 0.0, 0.0), *best_lines(left, reach)):
        found = _on_line(table, line, pair, taken)
        if _worth(found) > 1.02 * _worth(best):
            best = found
    return best


def _worth(stretches: list[_Stretch]) -> float:
    """Return what speaks for some stretches: their frames, by closeness, common speeds first."""
    return sum(
        prior(stretch.line, stretch.segment.a_end - stretch.segment.a_start)
        * float((1.0 - stretch.path.bits / NEUTRAL_BITS).sum())
        for stretch in stretches
    )


def _on_line(
    table: _Table, line: Line, pair: tuple[Clip, Clip], taken: list[_Stretch]
) -> list[_Stretch]:
    path = in_order(path_along(line, table.sight.distance, *table.times, table.tolerance))
    shown = _shown(table.times[0][path.rows], table.times[1][path.columns], taken)
    # What is shown already ends a run, as a picture would that does not agree.
    path = Path(path.rows, path.columns, np.where(shown, 255, path.bits), path.tolerance)
    seconds = (pair[0].seconds, pair[1].seconds)
    found: list[_Stretch] = []
    parted = apart(path, line, table.sight, table.times)
    for run in best_runs(scores(path.bits, parted), LEAST_RUN_SCORE):
        segment = segment_of(run, path, line, table.times, seconds)
        found.append(_Stretch(line, part_of(path, run), segment, run.score))
    return found


def _shown(
    a_seconds: NDArray[np.float64], b_seconds: NDArray[np.float64], taken: list[_Stretch]
) -> NDArray[np.bool_]:
    """Say which pairs of seconds touch a stretch that is taken, on either side."""
    shown = np.zeros(len(a_seconds), dtype=bool)
    for stretch in taken:
        s = stretch.segment
        shown |= (a_seconds >= s.a_start) & (a_seconds <= s.a_end)
        shown |= (b_seconds >= s.b_start) & (b_seconds <= s.b_end)
    return shown


def _match(
    pair: tuple[Clip, Clip],
    weights: tuple[NDArray[np.float64], NDArray[np.float64]],
    table: _Table,
    stretches: list[_Stretch],
    limits: Thresholds,
) -> PairMatch | None:
    a, b = pair
    stretches = sorted(stretches, key=lambda s: s.segment.a_start)
    segments = tuple(stretch.segment for stretch in stretches)
    if is_reversal(segments):
        return None
    in_a = tuple((s.a_start, s.a_end) for s in segments)
    in_b = tuple((s.b_start, s.b_end) for s in segments)
    of_a = coverage(a, weights[0] >= COMMON_WEIGHT, (*in_a, *pauses(a, in_a, in_b)))
    of_b = coverage(b, weights[1] >= COMMON_WEIGHT, (*in_b, *pauses(b, in_b, in_a)))
    relation, inner = relate(a, b, of_a, of_b, segments)
    path, line = _main_path(table, stretches)
    witness = testify(path, line, table.sight, table.times)
    if isinstance(table.sight, EmbeddedSight):
        verdict = judge_embedded(witness, relation, segments, limits)
    else:
        verdict = judge(witness, relation, segments, pair, limits)
        # Asked last, and of few pairs: it takes as long as all before.
        asked = (witness, path, line, table.sight, table.times)
        if verdict != "nothing" and runs_backwards(*asked):
            return None
    if limits.profile == "strict" and not (relation == "near" and is_strictly_alike(a, b, limits)):
        verdict = "mention" if verdict == "act" else verdict
    if verdict == "nothing":
        return None
    if verdict == "mention":
        relation, inner = "overlap", None
    shares = {"near": min(of_a.share, of_b.share), "overlap": 1.0}
    covered = shares.get(relation, of_a.share if inner == a.key else of_b.share)
    return PairMatch(
        a=a.key,
        b=b.key,
        relation=relation,
        inner=inner,
        confidence=round(confidence_of(witness, covered), 3),
        segments=segments,
        view=table.sight.name,
        mean_bits=round(witness.mean_bits, 1),
        worst_bits=witness.worst_bits,
        frames=witness.frames,
        crop=table.sight.crop,
    )


def _main_path(table: _Table, stretches: list[_Stretch]) -> tuple[Path, Line]:
    """Return the longest line and its stretches together: the others only add to the coverage."""
    main = max(stretches, key=lambda s: s.score).line
    paths = [s.path for s in stretches if s.line == main]
    whole = Path(
        np.concatenate([p.rows for p in paths]),
        np.concatenate([p.columns for p in paths]),
        np.concatenate([p.bits for p in paths]),
        table.tolerance,
    )
    return whole, main
