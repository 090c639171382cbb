"""What `find_duplicates` takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from autodedup.schemas.base import Frozen
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.jobs import JobAnswer, JobArguments
from autodedup.schemas.vocabulary import (
    ByteCount,
    Count,
    FileId,
    FileRef,
    GroupId,
    Kind,
    Profile,
    Ratio,
    ResultId,
)

FileField = Literal[
    "path", "bytes", "seconds", "width", "height", "codec", "kbps", "relation", "confidence",
    "evidence",
]  # fmt: skip


class FindArguments(JobArguments):
    """Which duplicates to look for, and how many to show."""

    paths: Annotated[
        tuple[FileRef, ...] | None,
        Field(description="Only among files under these; default: all.", examples=[["holidays"]]),
    ] = None
    kinds: Annotated[
        tuple[Kind, ...],
        Field(description="Kinds of duplicate to report; schema(about='kinds').", min_length=1),
    ] = ("exact", "same_stream", "near", "contains")
    profile: Annotated[Profile, Field(description="How sure to be.")] = "balanced"
    min_confidence: Annotated[Ratio | None, Field(description="Leave out claims below.")] = None
    like: Annotated[
        FileRef | None,
        Field(description="Only what duplicates this file.", examples=["f12"]),
    ] = None
    fields: Annotated[
        tuple[FileField, ...] | None,
        Field(description="Fields of a file to answer; default: all. The id always comes."),
    ] = None
    limit: Annotated[int, Field(ge=1, le=200, description="Groups a page.")] = 20
    cursor: Annotated[
        str | None, Field(description="next_cursor of the page before.", max_length=200)
    ] = None


class Twin(Frozen):
    """Another part of the keeper that shows the same as this one from start to end."""

    file: FileId
    relation: Kind
    confidence: Ratio


class GroupFile(Frozen):
    """One file of a group; `relation` and `evidence` are towards the keeper.

    `twin`: where parts of the keeper are kept, the part that makes this one redundant.
    """

    id: FileId
    path: str | None = None
    bytes: ByteCount | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    codec: str | None = None
    kbps: int | None = None
    relation: Kind | None = None
    confidence: Ratio | None = None
    evidence: Evidence | None = None
    twin: Twin | None = None


class Group(Frozen):
    """Files that show the same, and the one to keep."""

    id: GroupId
    kind: Kind
    confidence: Ratio
    keep: FileId
    why_keep: str
    reclaimable_bytes: ByteCount
    files: tuple[GroupFile, ...]
    files_total: Annotated[
        Count | None, Field(description="How many files the group has, when not all are shown.")
    ] = None


class GroupTotals(Frozen):
    """Sums over all groups, whatever page is shown."""

    groups: Count
    redundant_files: Count
    reclaimable_bytes: ByteCount


class Coverage(Frozen):
    """How much of the library was compared."""

    files: Count
    compared: Count
    not_comparable: Count
    not_ingested: Count


class FindAnswer(JobAnswer):
    """Groups of duplicates, the surest and largest first."""

    status: Literal["complete", "running", "cancelled"]
    base: str
    result: ResultId | None = None
    totals: GroupTotals
    by_kind: dict[Kind, Count]
    coverage: Coverage
    groups: tuple[Group, ...]
    truncated: str | None = None
    next_cursor: str | None = None
