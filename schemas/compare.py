"""What `compare` takes and answers."""

from typing import Annotated

from pydantic import Field, model_validator

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.errors import FileCode
from autodedup.schemas.evidence import Evidence
from autodedup.schemas.find_duplicates import GroupFile
from autodedup.schemas.vocabulary import ByteCount, Count, FileId, FileRef, GroupId, Kind, Ratio

MOST_FRAMES = 12


class CompareArguments(Frozen):
    """Which two files, or which group, to look at."""

    a: Annotated[FileRef | None, Field(description="A file.", examples=["f12"])] = None
    b: Annotated[FileRef | None, Field(description="The other file.", examples=["f9"])] = None
    group: Annotated[GroupId | None, Field(description="A group instead.", examples=["g3"])] = None
    frames: Annotated[int, Field(ge=1, le=MOST_FRAMES, description="Instants to look at.")] = 6

    @model_validator(mode="after")
    def _a_pair_or_a_group(self) -> "CompareArguments":
        pair = self.a is not None and self.b is not None
        if (self.group is None) is not pair or (self.a is None) is not (self.b is None):
            raise ValueError(
                'a and b are needed, or group instead, for example {"a":"f12","b":"f9"}'
            )
        return self


class AlignedFrames(Frozen):
    """One instant in both files; `bits` differ of 256, or `cosine` of embeddings, at most 1."""

    file: float
    against: float
    bits: Count | None = None
    cosine: float | None = None
    differs: bool


class Alignment(Frozen):
    """What both files show at the same instants of the film.

    `shift_s` is by how much the file's frames lie later than its stored signature says.
    `missing` instants have no picture in the file.
    """

    shift_s: float
    view: str | None = None
    mean_bits: float | None = None
    worst_bits: Count | None = None
    differing: Count
    missing: Count = 0
    frames: tuple[AlignedFrames, ...]


class Problem(Frozen):
    """Why a file could not be looked at."""

    code: FileCode
    detail: str


class Comparison(Frozen):
    """What one file is to the file it is compared with; no `relation`: nothing links them."""

    file: FileId
    relation: Kind | None = None
    confidence: Ratio | None = None
    evidence: Evidence | None = None
    aligned: Alignment | None = None
    problem: Problem | None = None


class Sheet(Frozen):
    """The contact sheet in the image block: a column a file, a row an instant."""

    columns: tuple[FileId, ...]
    rows: Count
    width: Count
    height: Count
    bytes: ByteCount
    marked: Annotated[Count, Field(description="Frames framed in red: they differ.")]


class CompareAnswer(Answer):
    """How files relate, with evidence; each of `comparisons` is towards the file `against`."""

    base: str
    against: FileId
    group: GroupId | None = None
    files: tuple[GroupFile, ...]
    comparisons: tuple[Comparison, ...]
    comparisons_total: Count
    truncated: str | None = None
    sheet: Sheet | None = None
    notes: tuple[str, ...] = ()
