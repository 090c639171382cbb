"""Groups of contents that share some seconds, or a meaning: shown, not acted upon.

A film that is a copy or a part of another, and that no acting group has room for because every
file stands in one only, is told here too: else what was found of it would be lost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from autodedup.engine.match.keeper import KEEP_RULES, FileFacts, choose_keeper
from autodedup.engine.match.links import FilePair, GroupFile, Link, ordered
from autodedup.engine.match.model import PairMatch
from autodedup.engine.match.stars import Group, Member, star
from autodedup.schemas.vocabulary import ACTING_KINDS, KeepRule, Kind


def left_out(
    files: Sequence[GroupFile],
    matches: Iterable[PairMatch],
    groups: Iterable[Group],
    *,
    apart: AbstractSet[FilePair] = frozenset(),
    kinds: Collection[Kind] = ACTING_KINDS,
) -> list[PairMatch]:
    """Return, as an overlap, the surest match of each content that stands in no acting group.

    Args:
        files: Those that were grouped.
        matches: What was found among their contents.
        groups: The acting groups.
        apart: Pairs a person has called "not a duplicate".
        kinds: The relations that were asked for.
    """
    grouped = {n for group in groups for n in (group.keeper, *(m.file_id for m in group.members))}
    of_content: dict[int, list[int]] = defaultdict(list)
    for file in files:
        if file.content is not None:
            of_content[file.content].append(file.file_id)
    alone = {key for key, holders in of_content.items() if not grouped & set(holders)}
    best: dict[int, PairMatch] = {}
    for match in matches:
        pair = (match.a, match.b)
        if match.relation == "overlap" or match.relation not in kinds or not alone & set(pair):
            continue
        if not of_content.keys() >= set(pair) or any(
            ordered(one, other) in apart
            for one in of_content[match.a]
            for other in of_content[match.b]
        ):
            continue
        for key in alone & set(pair):
            if key not in best or _surer(match, best[key]):
                best[key] = match
    return [match.as_overlap() for match in dict.fromkeys(best.values())]


def _surer(one: PairMatch, other: PairMatch) -> bool:
    """Say whether a match tells more than another: what shows the same from start to end first."""
    return (one.relation == "near", one.confidence) > (other.relation == "near", other.confidence)


def group_overlaps(
    files: Sequence[GroupFile],
    matches: Iterable[PairMatch],
    *,
    apart: AbstractSet[FilePair] = frozenset(),
    rules: Sequence[KeepRule] = KEEP_RULES,
    relation: Literal["overlap", "semantic"] = "overlap",
) -> list[Group]:
    """Return groups of contents that share some seconds, one file for each content.

    With another `relation` they are alike in meaning. Every such pair stands in exactly one group;
    a file may stand in several. Nothing in them is redundant.
    """
    of_content: dict[int, list[FileFacts]] = defaultdict(list)
    for file in files:
        if file.content is not None:
            of_content[file.content].append(file.facts)
    speaker = {content: choose_keeper(f, rules).keeper for content, f in of_content.items()}
    left: dict[int, dict[int, PairMatch]] = defaultdict(dict)
    for match in matches:
        if match.relation == relation and match.a in speaker and match.b in speaker:
            one, other = speaker[match.a].file_id, speaker[match.b].file_id
            if ordered(one, other) not in apart:
                left[one][other] = left[other][one] = match
    facts = {file.file_id: file for file in speaker.values()}
    groups: list[Group] = []
    while any(left.values()):
        linked = [facts[file_id] for file_id, others in left.items() if others]
        keeper = choose_keeper(linked, rules)
        partners = left.pop(keeper.keeper.file_id)
        for other in partners:
            del left[other][keeper.keeper.file_id]
        members = [
            Member(other, Link(relation, match.confidence, match), redundant=False)
            for other, match in partners.items()
        ]
        groups.append(star(keeper.keeper.file_id, members, None))
    return groups
