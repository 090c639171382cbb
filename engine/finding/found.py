"""A group as a search finds it, before it is stored."""

from dataclasses import dataclass
from typing import Literal

import apsw

from autodedup.engine.finding.evidence import group_file
from autodedup.engine.library import LibraryFile
from autodedup.engine.store import results
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.find_duplicates import Group, Twin
from autodedup.schemas.vocabulary import ACTING_KINDS, Kind

# Why a keeper can't stand for a file: it shows only a part of its picture, it lacks the other film
# that the file shows besides, or it shows the file as an inset only.
Lack = Literal["picture", "other", "inset"]


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A file and what it is to the keeper."""

    file: LibraryFile
    relation: Kind
    confidence: float
    evidence: Evidence
    twin: Twin | None = None

    @property
    def redundant(self) -> bool:
        """Return whether what it shows stays when the parts of the keeper are kept."""
        if self.file.protected:
            return False
        if self.relation == "contains":
            return self.twin is not None
        return self.lacking is None

    @property
    def lacking(self) -> Lack | None:
        """Return what the keeper lacks of what it shows."""
        if self.evidence.inset is not None:
            return "inset" if self.evidence.inset == "a" else "other"
        return "picture" if self.evidence.cropped == "b" else None


@dataclass(frozen=True, slots=True, eq=False)
class FoundGroup:
    """A keeper and the files that match it directly. One is equal to nothing but itself."""

    kind: Kind
    confidence: float
    keeper: LibraryFile
    why_keep: str
    members: tuple[FoundMember, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """Return the numbers of the files of the group, the keeper first."""
        return (self.keeper.row.id, *(member.file.row.id for member in self.members))

    @property
    def redundant_files(self) -> int:
        """Return how many members may go: none that is protected or that is kept in part.

        A clip may go beside its twin only.
        """
        return sum(member.redundant for member in self.members) if self._acting else 0

    @property
    def reclaimable_bytes(self) -> int:
        """Return what letting the members go would free; hard links of one file count once."""
        kept = self.keeper.row.stat
        freed = {
            (stat.device, stat.inode): stat.size
            for stat in (m.file.row.stat for m in self.members if m.redundant)
            if (stat.device, stat.inode) != (kept.device, kept.inode)
        }
        return sum(freed.values()) if self._acting else 0

    @property
    def _acting(self) -> bool:
        return self.kind in ACTING_KINDS

    def numbered(self, connection: apsw.Connection) -> Group:
        """Return the group as it is stored and shown, with its lasting id."""
        return Group(
            id=f"g{results.group_number(connection, self.kind, self.numbers)}",
            kind=self.kind,
            confidence=round(self.confidence, 3),
            keep=self.keeper.id,
            why_keep=self.why_keep,
            reclaimable_bytes=self.reclaimable_bytes,
            files=(
                group_file(self.keeper),
                *(
                    group_file(member.file).model_copy(
                        update={
                            "relation": member.relation,
                            "confidence": round(member.confidence, 3),
                            "evidence": None if member.evidence == Evidence() else member.evidence,
                            "twin": member.twin,
                        }
                    )
                    for member in self.members
                ),
            ),
        )
