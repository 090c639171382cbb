"""One pair, looked at closely: the best look, the lines that agree, the verdict on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autodedup.engine.embedding.shapes import FULL
from autodedup.engine.match.composites import shows_another
from autodedup.engine.match.frames import COMMON_WEIGHT
from autodedup.engine.match.judge import Verdict, confidence_of, judge, judge_embedded
from autodedup.engine.match.looks import Look
from autodedup.engine.match.loops import rounds_of
from autodedup.engine.match.meaning import agree_in_meaning
from autodedup.engine.match.model import Clip, PairMatch, PairRelation, Segment
from autodedup.engine.match.pauses import pauses
from autodedup.engine.match.relate import coverage, inner_slack, is_reversal, relate
from autodedup.engine.match.sights import EMBEDDED_VIEW, EmbeddedSight, HashSight, Sight, ViewPair
from autodedup.engine.match.stretches import (
    Side,
    Stretch,
    Table,
    main_path,
    stretches_of,
    table_of,
    worth,
)
from autodedup.engine.match.strict import is_strictly_alike
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.match.verify import Witness, runs_backwards, testify

MOST_FRAMES = 2500  # of one clip in one comparison; bounds the table of distances
# What weighs half of what has a say of its own still confirms what others say: one picture weighs
# less in a longer clip, and what one of two clips has to show must be looked for in the other.
_CONFIRMS = 0.5


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
    # Where the seams of an inset were seen, both are told for what they are: no plan lets one of
    # them go for the other. Else they must not be told as copies.
    known = said.match.crop is not None and said.match.crop.inset
    if _acts(said) and (
        _is_half_of(pair, said)
        or (not known and shows_another(pair, said.match.segments, said.views))
    ):
        return replace(said.match.as_overlap(), composite=True)
    return said.match


def _is_half_of(pair: tuple[Clip, Clip], said: _Said) -> bool:
    """Say whether one clip is seen in a part of another that shows two films side by side.

    Whole beside whole, the embedding sees the one film through the other; the hash does not.
    """
    split = [clip.inset == FULL for clip in pair]
    if said.views == ViewPair(FULL, FULL):
        return said.match.view == EMBEDDED_VIEW and any(split) and not all(split)
    return any(split)


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
    best: tuple[float, Table, list[Stretch]] | None = None
    for sight in sights:
        if not all(len(places) for places in sight.chosen):
            continue
        table = table_of(pair, weights, sight, limits.near_bits)
        stretches = stretches_of(table)
        total = worth(stretches)
        if stretches and (best is None or total > 1.02 * best[0]):
            best = (total, table, stretches)
    match = None if best is None else _match(best[1], best[2], limits)
    if best is None or match is None:
        return None
    if match.relation == "overlap" and limits.profile != "strict":
        match = _as_loop(match, best[1], best[2], limits)
    return _Said(match, best[1].sight.views)


def _chosen(weight: NDArray[np.float64]) -> NDArray[np.intp]:
    places = np.flatnonzero(weight >= _CONFIRMS * COMMON_WEIGHT)
    if len(places) > MOST_FRAMES:
        places = places[np.linspace(0, len(places) - 1, MOST_FRAMES).astype(np.intp)]
    return places


def _match(table: Table, stretches: list[Stretch], limits: Thresholds) -> PairMatch | None:
    (a, b), weights = table.pair, table.weights
    stretches = sorted(stretches, key=lambda s: s.segment.a_start)
    segments = tuple(stretch.segment for stretch in stretches)
    if is_reversal(segments):
        return None
    in_a = tuple((s.a_start, s.a_end) for s in segments)
    in_b = tuple((s.b_start, s.b_end) for s in segments)
    of_a = coverage(a, weights[0] >= COMMON_WEIGHT, (*in_a, *pauses(a, in_a, in_b)))
    of_b = coverage(b, weights[1] >= COMMON_WEIGHT, (*in_b, *pauses(b, in_b, in_a)))
    relation, inner = relate(a, b, of_a, of_b, segments)
    path, line = main_path(table, stretches)
    witness = testify(path, line, table.sight, table.times)
    verdict = _judged(table, witness, relation, segments, limits)
    # Asked last, and of few pairs: it takes as long as all before.
    hashed = verdict != "nothing" and not isinstance(table.sight, EmbeddedSight)
    if hashed and runs_backwards(witness, path, line, table.sight, table.times):
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


def _judged(
    table: Table,
    witness: Witness,
    relation: PairRelation,
    segments: tuple[Segment, ...],
    limits: Thresholds,
) -> Verdict:
    if isinstance(table.sight, EmbeddedSight):
        return judge_embedded(witness, relation, segments, limits)
    return judge(witness, relation, segments, table.pair, limits)


def _as_loop(
    match: PairMatch, table: Table, stretches: list[Stretch], limits: Thresholds
) -> PairMatch:
    """Return the match as one of a film and a clip that plays a part of it over and over, if so.

    Each of the rounds must be enough to act upon by itself, but for one that was cut.
    """
    part = max(stretches, key=lambda stretch: stretch.score)
    sides: tuple[Side, Side] = ("a", "b")
    for clip, weight, side in zip(table.pair, table.weights, sides, strict=True):
        rounds = rounds_of(table, part, side)
        segments = tuple(stretch.segment for stretch in rounds)
        own = segments if side == "a" else tuple(segment.swapped() for segment in segments)
        covered = coverage(clip, weight >= COMMON_WEIGHT, tuple((s.a_start, s.a_end) for s in own))
        if len(rounds) < 2 or covered.uncovered > inner_slack(clip.seconds):  # noqa: PLR2004
            continue
        witnesses = [testify(r.path, r.line, table.sight, table.times) for r in rounds]
        verdicts = [
            _judged(table, witness, "contains", (segment,), limits)
            for segment, witness in zip(segments, witnesses, strict=True)
        ]
        if verdicts.count("act") >= max(2, len(rounds) - 1):
            sure = min(confidence_of(witness, covered.share) for witness in witnesses)
            return replace(
                match,
                relation="contains",
                inner=clip.key,
                segments=segments,
                confidence=round(sure, 3),
            )
    return match
