"""Which claims do the other copies of a film contradict?

Where a film lies over another is not always seen: not in a crop of the film below, not in two
seconds of it, and less well where two files were looked at in different moments. Copies of one film
tell in each other's place. Who says of a file that it is a copy of mine, which my other copies say
shows another film as well, is not believed, unless more of them say that it is one of us. So a
composite is in nobody's group for a claim that all but one deny.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable

from autodedup.engine.match.model import PairMatch

_CLEARLY_CLOSER = 1.5  # of two claims that contradict each other one this much closer is believed
_SAME_SECONDS = 0.5  # the share of the shorter stretch that two claims about a film have in common

_Pair = tuple[int, int]  # two contents, as a match names them
_Spans = list[tuple[float, float]]


def without_contradicted(matches: Iterable[PairMatch]) -> list[PairMatch]:
    """Return matches in their order, those that are contradicted as overlaps.

    Of three contents two may be matched with the third, for the same seconds of it, while one of
    them is a composite beside the other: then one of the two claims is wrong. A claim falls where
    more contents contradict it than are matched with both that it is about.

    Args:
        matches: All that is known of the contents, or of some and of those they match.
    """
    known = list(matches)
    composites = [match for match in known if match.composite]
    if not composites:
        return known
    claims: dict[int, dict[int, PairMatch]] = defaultdict(dict)
    for match in known:
        if match.relation in {"near", "contains"}:
            claims[match.a][match.b] = claims[match.b][match.a] = match
    against: Counter[_Pair] = Counter()
    for match in composites:
        for content in claims[match.a].keys() & claims[match.b].keys():
            both = claims[content][match.a], claims[content][match.b]
            against.update((claim.a, claim.b) for claim in _doubted(content, *both))
    fallen = {
        (one, other)
        for (one, other), denied in against.items()
        if denied > len(claims[one].keys() & claims[other].keys())
    }
    return [match.as_overlap() if (match.a, match.b) in fallen else match for match in known]


def _doubted(content: int, one: PairMatch, other: PairMatch) -> tuple[PairMatch, ...]:
    """Return which of two claims about a content may be wrong, if both can't be right."""
    if not _speak_of_the_same(_spans(content, one), _spans(content, other)):
        return ()
    if one.mean_bits * _CLEARLY_CLOSER < other.mean_bits:
        return (other,)
    if other.mean_bits * _CLEARLY_CLOSER < one.mean_bits:
        return (one,)
    return (one, other)


def _spans(content: int, match: PairMatch) -> _Spans:
    """Return from which to which of its seconds a match speaks of a content."""
    return [(segment.a_start, segment.a_end) for segment in match.segments_of(content)]


def _speak_of_the_same(one: _Spans, other: _Spans) -> bool:
    shared = sum(
        max(0.0, min(end, past) - max(start, first)) for start, end in one for first, past in other
    )
    shorter = min(sum(end - start for start, end in spans) for spans in (one, other))
    return shared >= _SAME_SECONDS * shorter
