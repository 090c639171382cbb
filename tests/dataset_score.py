"""How well the groups that were found agree with a data set's truth."""

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dataset_truth import Media, Pair, judge, true_pairs

from autodedup.schemas.evidence import Overlap
from autodedup.schemas.find_duplicates import Group
from autodedup.schemas.vocabulary import ACTING_KINDS

BANDS = {"0.95 to 1": 0.95, "0.90 to 0.95": 0.9, "0.80 to 0.90": 0.8, "below 0.80": 0.0}
OFFSET_TOLERANCE = 0.5  # seconds
SPEED_TOLERANCE = 0.01


@dataclass(frozen=True, slots=True)
class Claims:
    """What the groups say: pairs to act upon, and pairs that share some seconds."""

    acting: frozenset[Pair]
    overlapping: frozenset[Pair]
    evidence: dict[Pair, tuple[str, Sequence[Overlap]]]  # the file of side `a`, its stretches
    confidence: dict[Pair, float] = field(default_factory=dict)  # of acting claims, 0..1

    @classmethod
    def of(cls, groups: Iterable[Group]) -> "Claims":
        """Read the claims off groups; every two members of an acting group are a pair."""
        acting: set[Pair] = set()
        overlapping: set[Pair] = set()
        evidence: dict[Pair, tuple[str, Sequence[Overlap]]] = {}
        confidence: dict[Pair, float] = {}
        for group in groups:
            names = {file.id: file.path or "" for file in group.files}
            together = [names[group.keep]]
            for file in group.files:
                if file.id == group.keep:
                    continue
                pair = ordered(names[file.id], names[group.keep])
                if file.relation in ACTING_KINDS:
                    together.append(names[file.id])
                    if file.confidence is not None:
                        confidence[pair] = file.confidence
                elif file.relation == "overlap":
                    overlapping.add(pair)
                if file.evidence is not None and file.evidence.overlap:
                    evidence[pair] = (names[file.id], file.evidence.overlap)
            acting |= {ordered(*pair) for pair in itertools.combinations(together, 2)}
        return cls(frozenset(acting), frozenset(overlapping), evidence, confidence)


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs found, missed and made up; `by_edit` counts (found, all) against the original.

    `linked` counts files of a family that stand in an acting group with another of theirs: a
    file stands in one group only, so a film with several supersets cannot have every pair found.
    `shared_seconds` says, of every overlap that the manifest does not know, what is claimed.
    `reliability` counts (right, all) claims to act upon by the confidence they were given.
    """

    found: int
    total: int
    by_edit: dict[str, tuple[int, int]]
    missed: tuple[Pair, ...]
    false: tuple[Pair, ...]
    false_hard_negatives: tuple[Pair, ...]
    false_overlaps: tuple[Pair, ...]
    apart: dict[str, tuple[int, int]]
    offsets: tuple[int, int]
    linked: tuple[int, int]
    wrong_offsets: tuple[str, ...] = field(default=())
    shared_seconds: tuple[str, ...] = field(default=())
    reliability: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def recall(self) -> float:
        """Return the share of true pairs that were found; 1 when there are none."""
        return self.found / self.total if self.total else 1.0


def ordered(one: str, other: str) -> Pair:
    """Return two names as a pair."""
    return (one, other) if one <= other else (other, one)


def score(media: dict[str, Media], claims: Claims) -> Score:
    """Compare claims with the truth."""
    truth = true_pairs(media)
    plain = {pair: verdict for pair, verdict in truth.items() if verdict != "apart"}
    found = {
        pair
        for pair, verdict in plain.items()
        if pair in claims.acting or (verdict == "partly" and pair in claims.overlapping)
    }
    false = sorted(pair for pair in claims.acting if _is_false(media, pair))
    wrong, checked = _offsets(media, claims)
    return Score(
        found=len(found),
        total=len(plain),
        by_edit=_by_edit(media, plain.keys(), found),
        missed=tuple(sorted(plain.keys() - found)),
        false=tuple(false),
        false_hard_negatives=tuple(pair for pair in false if _is_hard(media, pair)),
        false_overlaps=tuple(
            sorted(pair for pair in claims.overlapping if _is_made_up(media, pair))
        ),
        apart=_apart(media, truth.keys() - plain.keys(), claims),
        offsets=(checked - len(wrong), checked),
        linked=_linked(plain.keys(), claims),
        wrong_offsets=tuple(wrong),
        shared_seconds=tuple(
            _told(pair, claims)
            for pair in sorted(claims.overlapping)
            if _is_made_up(media, pair) and pair in claims.evidence
        ),
        reliability=_reliability(media, claims),
    )


def _told(pair: Pair, claims: Claims) -> str:
    """Return which seconds two files are said to share."""
    first, stretches = claims.evidence[pair]
    second = pair[1] if pair[0] == first else pair[0]
    spans = ", ".join(f"{s.a[0]:.1f}-{s.a[1]:.1f} at {s.b[0]:.1f}-{s.b[1]:.1f}" for s in stretches)
    return f"{first} in {second}: {spans}"


def _reliability(media: dict[str, Media], claims: Claims) -> dict[str, tuple[int, int]]:
    """Count right claims and all claims, by bands of confidence; opinions are left out."""
    counts = {band: [0, 0] for band in BANDS}
    for pair, confidence in claims.confidence.items():
        if not all(name in media for name in pair) or _is_opinion(media, pair):
            continue
        band = next(name for name, least in BANDS.items() if confidence >= least)
        counts[band][0] += not _is_false(media, pair)
        counts[band][1] += 1
    return {band: (right, total) for band, (right, total) in counts.items()}


def _is_opinion(media: dict[str, Media], pair: Pair) -> bool:
    one, other = media[pair[0]], media[pair[1]]
    return judge(one, other) == "apart" and not (one.only_with_original or other.only_with_original)


def _linked(pairs: Iterable[Pair], claims: Claims) -> tuple[int, int]:
    pairs = frozenset(pairs)
    files = {name for pair in pairs for name in pair}
    return len({name for pair in pairs & claims.acting for name in pair}), len(files)


def _is_false(media: dict[str, Media], pair: Pair) -> bool:
    one, other = media.get(pair[0]), media.get(pair[1])
    if one is None or other is None:
        return False
    # Two trims of one film that do not meet may share a group: each is in its keeper.
    same_family = one.family is not None and one.family == other.family
    return judge(one, other) == "different" and not same_family


def _is_hard(media: dict[str, Media], pair: Pair) -> bool:
    one, other = media[pair[0]], media[pair[1]]
    groups = {one.hard_negative_of, other.hard_negative_of} - {None}
    alike = one.hard_negative_of is not None and one.hard_negative_of == other.hard_negative_of
    return alike or bool(groups & {one.family, other.family})


def _is_made_up(media: dict[str, Media], pair: Pair) -> bool:
    """Return whether two files said to overlap share nothing by the manifest."""
    if not _is_false(media, pair):
        return False
    one, other = media[pair[0]], media[pair[1]]
    return other.file not in one.shares_footage_with


def _by_edit(
    media: dict[str, Media], pairs: Iterable[Pair], found: set[Pair]
) -> dict[str, tuple[int, int]]:
    """Count pairs with the family's original by the edit, and pairs of two edits together."""
    all_counts: Counter[str] = Counter()
    found_counts: Counter[str] = Counter()
    for pair in pairs:
        relations = sorted({media[name].relation for name in pair} - {"original"})
        with_original = any(media[name].relation == "original" for name in pair)
        edit = (relations or ["original"])[0] if with_original else "(between two edits)"
        all_counts[edit] += 1
        found_counts[edit] += pair in found
    return {edit: (found_counts[edit], count) for edit, count in sorted(all_counts.items())}


def _apart(
    media: dict[str, Media], pairs: Iterable[Pair], claims: Claims
) -> dict[str, tuple[int, int]]:
    counts: dict[str, tuple[int, int]] = {}
    for pair in pairs:
        name = " / ".join(
            sorted({media[one].family or media[one].hard_negative_of or "" for one in pair})
        )
        linked, count = counts.get(name, (0, 0))
        counts[name] = (linked + (pair in claims.acting), count + 1)
    return dict(sorted(counts.items()))


def _offsets(media: dict[str, Media], claims: Claims) -> tuple[list[str], int]:
    """Return the claims whose seconds or speed are wrong, and how many could be checked."""
    wrong, checked = [], 0
    for pair, (first, stretches) in claims.evidence.items():
        second = pair[1] if pair[0] == first else pair[0]
        one, other = media.get(first), media.get(second)
        if one is None or other is None or judge(one, other) not in {"same", "partly"}:
            continue
        if None in {one.offset, one.speed, other.offset, other.speed}:
            continue
        checked += 1
        if said := _disagreement(one, other, stretches[0]):
            wrong.append(f"{first} in {second}: {said}")
    return wrong, checked


def _disagreement(one: Media, other: Media, stretch: Overlap) -> str | None:
    assert one.offset is not None
    assert one.speed is not None
    assert other.offset is not None
    assert other.speed is not None
    middle = sum(stretch.a) / 2
    expected = (one.offset + one.speed * middle - other.offset) / other.speed
    said = sum(stretch.b) / 2
    speed = one.speed / other.speed
    if abs(said - expected) > OFFSET_TOLERANCE:
        return f"second {middle:.1f} is at {expected:.1f}, said to be at {said:.1f}"
    if abs(stretch.speed / speed - 1) > SPEED_TOLERANCE:
        return f"the speed is {speed:.3f}, said to be {stretch.speed:.3f}"
    return None
