"""Groups of contents that share some seconds, or a meaning: shown, not acted upon."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal

from autodedup.engine.match.keeper import KEEP_RULES, FileFacts, choose_keeper
from autodedup.engine.match.links import FilePair, GroupFile, Link, ordered
from autodedup.engine.match.model import PairMatch
from autodedup.engine.match.stars import Group, Member, star
from autodedup.schemas.vocabulary import KeepRule


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
