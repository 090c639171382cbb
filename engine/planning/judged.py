"""A group as the planner sees it: the copy that stays, and how each other file relates to it."""

from dataclasses import dataclass

from autodedup.engine.finding.found import Lack
from autodedup.engine.library import LibraryFile
from autodedup.schemas.vocabulary import GroupId, Kind


@dataclass(frozen=True, slots=True)
class Twin:
    """A part of the keeper that stays, and can stand for another part."""

    file: LibraryFile
    relation: Kind
    confidence: float


@dataclass(frozen=True, slots=True)
class Member:
    """A file of a group that the keeper can stand for.

    `view` tells which edit was seen through, if any; `twin` what makes a part of the keeper
    redundant although parts are kept; `lacking` why the keeper can't stand for it unless somebody
    chose it.
    """

    file: LibraryFile
    relation: Kind
    confidence: float
    view: str | None = None
    twin: Twin | None = None
    lacking: Lack | None = None


@dataclass(frozen=True, slots=True)
class JudgedGroup:
    """One group: every member matches the keeper directly.

    `chosen` says that the keeper was named, and not found by the rules.
    """

    id: GroupId
    keeper: LibraryFile
    why_keep: str
    members: tuple[Member, ...]
    unmatched: tuple[LibraryFile, ...] = ()
    """Files of the group that do not match the chosen keeper directly, and so are left alone."""
    chosen: bool = False

    @property
    def files(self) -> tuple[LibraryFile, ...]:
        """Return every file of the group."""
        return (self.keeper, *(member.file for member in self.members), *self.unmatched)
