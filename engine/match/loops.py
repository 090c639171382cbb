"""Does a clip play one part of another over and over? Then the other shows all that it does.

A loop and a longer cut of one film both hold it, and what they share is seen once in the one and
several times in the other. Whatever is alike all along (a speaker, a street) agrees with itself at
many times too, so rounds are asked to begin where the part begins, each where the last one ended.
"""

import itertools

from autodedup.engine.match.model import Segment
from autodedup.engine.match.relate import inner_slack
from autodedup.engine.match.stretches import Side, Stretch, Table, best_of, shown

_MOST_ROUNDS = 12
_LEAST_PLAYED = 1.5  # times that a part must be played to be a loop
_SAME_SPEED = 0.01


def rounds_of(table: Table, part: Stretch, loop: Side) -> tuple[Stretch, ...]:
    """Return the rounds in which one clip plays a part of the other, in order; none if it does not.

    Args:
        table: The frames of the pair.
        part: What they share, in one of the rounds.
        loop: The clip that may play it over and over.
    """
    clip = table.pair[0 if loop == "a" else 1]
    begin, end = _of_loop(part.segment, loop)
    if not _LEAST_PLAYED * (end - begin) <= clip.seconds <= _MOST_ROUNDS * (end - begin):
        return ()
    slack = inner_slack(end - begin)
    film: Side = "b" if loop == "a" else "a"
    rounds = [part]
    left = table.points
    for _ in range(_MOST_ROUNDS):
        left = left.without(shown(left.a, left.b, rounds, again=film))
        fresh = [
            stretch
            for stretch in best_of(table, left, rounds, again=film)
            if _is_round(stretch, part, clip.seconds, slack, loop)
        ]
        if not fresh:
            break
        rounds += fresh
    rounds.sort(key=lambda stretch: _of_loop(stretch.segment, loop))
    spans = [_of_loop(stretch.segment, loop) for stretch in rounds]
    gaps = [after[0] - before[1] for before, after in itertools.pairwise(spans)]
    return () if any(gap > 2 * slack for gap in gaps) else tuple(rounds)


def _is_round(stretch: Stretch, part: Stretch, seconds: float, slack: float, loop: Side) -> bool:
    """Say whether a stretch shows the part from its start to its end, but for the loop's own."""
    begin, end = _of_loop(stretch.segment, loop)
    starts, stops = _of_film(stretch.segment, loop)
    first, last = _of_film(part.segment, loop)
    return (
        abs(stretch.line.speed - part.line.speed) <= _SAME_SPEED
        and (abs(starts - first) <= slack or (begin <= slack and starts > first))
        and (abs(stops - last) <= slack or (end >= seconds - slack and stops < last))
    )


def _of_loop(segment: Segment, loop: Side) -> tuple[float, float]:
    own = segment if loop == "a" else segment.swapped()
    return own.a_start, own.a_end


def _of_film(segment: Segment, loop: Side) -> tuple[float, float]:
    other = segment.swapped() if loop == "a" else segment
    return other.a_start, other.a_end
