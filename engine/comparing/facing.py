"""Which second of one film faces which of another, and at which instants to look. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from autodedup.engine.match.model import PairMatch, Segment

_MARGIN = 0.02  # of a stretch, at both its ends: fades and trimmed frames
_LEAST_COMMON = 0.2  # of the shortest stretch: less is not worth choosing all instants from
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Facing:
    """Stretches in which a file (side a) shows what the other (side b) shows; times in seconds."""

    segments: tuple[Segment, ...]

    @classmethod
    def of_match(cls, match: PairMatch, content: int) -> "Facing":
        """Return the facing of the file with this content, whichever side of the match it is."""
        return cls(match.segments_of(content))

    @classmethod
    def from_the_start(cls, seconds: float) -> "Facing":
        """Return the facing of two films that run side by side from their first pictures."""
        return cls((Segment(0.0, seconds, 0.0, seconds, 1.0),))

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return the stretches in seconds of the other file, less their very ends."""
        return tuple(
            (s.b_start + _MARGIN * (s.b_end - s.b_start), s.b_end - _MARGIN * (s.b_end - s.b_start))
            for s in self.segments
            if s.b_end > s.b_start
        )

    def in_file(self, against: float) -> float | None:
        """Return the second of the file that faces a second of the other; None where none does."""
        for segment in self.segments:
            if segment.b_start <= against <= segment.b_end:
                return segment.a_start + (against - segment.b_start) / segment.speed
        return None

    def speed_at(self, against: float) -> float:
        """Return how many seconds of the other file pass in one of the file, there."""
        inside = (s.speed for s in self.segments if s.b_start <= against <= s.b_end)
        return next(inside, 1.0)


def instants(facings: Sequence[Facing], count: int) -> tuple[float, ...]:
    """Return the seconds of the other file to look at, rising and evenly spread.

    They are chosen where all the files face it, and where they have next to nothing in common,
    wherever any of them does.
    """
    every = [facing.spans for facing in facings if facing.spans]
    if not every:
        return ()
    common = list(every[0])
    for spans in every[1:]:
        common = [
            (max(low, start), min(high, end))
            for low, high in common
            for start, end in spans
            if min(high, end) > max(low, start)
        ]
    shortest = min(_length(spans) for spans in every)
    if _length(common) < _LEAST_COMMON * shortest:
        common = _union([span for spans in every for span in spans])
    return _spread(sorted(common), count)


def _length(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in spans)


def _union(spans: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _spread(spans: Sequence[Span], count: int) -> tuple[float, ...]:
    total = _length(spans)
    wanted = [(number + 0.5) / count * total for number in range(count)]
    found: list[float] = []
    passed = 0.0
    for start, end in spans:
        found += [start + w - passed for w in wanted if passed <= w < passed + end - start]
        passed += end - start
    return tuple(round(second, 3) for second in found)
