"""A group: a keeper, and files that each match it directly."""

from dataclasses import dataclass

from autodedup.engine.match.links import Link
from autodedup.schemas.vocabulary import KINDS, KeepRule, Kind


@dataclass(frozen=True, slots=True)
class Twin:
    """Another member that shows the same as this one, from start to end."""

    file_id: int
    link: Link


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group that is not its keeper, with its link to the keeper.

    `redundant` says that the keeper can stand for it. A protected file never is, nor is one that
    shows more of the picture than the keeper does, or that the keeper shows as an inset only.
    `twin`, for a part of the keeper: the member that can stand for it while parts are kept.
    """

    file_id: int
    link: Link
    redundant: bool
    twin: Twin | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A keeper and what matches it; `kind` is the loosest member's, `confidence` the least."""

    kind: Kind
    confidence: float
    keeper: int
    rule: KeepRule | None
    members: tuple[Member, ...]


def star(keeper: int, members: list[Member], rule: KeepRule | None) -> Group:
    """Return the group of a keeper and its members, the tightest relation first."""
    ordered = sorted(members, key=lambda m: (KINDS.index(m.link.relation), m.file_id))
    return Group(
        kind=ordered[-1].link.relation,
        confidence=min(member.link.confidence for member in ordered),
        keeper=keeper,
        rule=rule,
        members=tuple(ordered),
    )
