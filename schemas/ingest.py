"""What `ingest` takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from autodedup.schemas.base import Frozen
from autodedup.schemas.errors import FileCode
from autodedup.schemas.jobs import JobAnswer, JobArguments
from autodedup.schemas.vocabulary import Count, FileId, FileRef, Tier


class IngestArguments(JobArguments):
    """Which files to bring up to date, and how far."""

    paths: Annotated[
        tuple[FileRef, ...] | None,
        Field(description="Folders or files; default: every root.", examples=[["holidays"]]),
    ] = None
    recursive: Annotated[bool, Field(description="Go into subfolders.")] = True
    tiers: Annotated[
        tuple[Tier, ...],
        Field(
            description=(
                "Signatures: exact (bytes), perceptual (frame hashes), copy (frame embeddings: "
                "harder edits), semantic (needs a model). A tier that cannot run is left out, "
                "and notes say so."
            ),
            min_length=1,
        ),
    ] = ("exact", "perceptual", "copy")
    retry_failed: Annotated[bool, Field(description="Try files again that failed before.")] = False
    force: Annotated[bool, Field(description="Compute again even what is up to date.")] = False


class ScanCounts(Frozen):
    """What the walk found, against the state."""

    seen: Count = 0
    new: Count = 0
    changed: Count = 0
    moved: Count = 0
    missing: Count = 0
    unchanged: Count = 0
    ignored: Count = 0


class IngestRate(Frozen):
    """How fast files were signed."""

    files_per_s: float
    media_s_per_s: float


class Route(Frozen):
    """How many files each decoder took, and why not the GPU."""

    nvdec: Count = 0
    pyav: Count = 0
    why: dict[str, Count] = Field(default_factory=dict)


class FileError(Frozen):
    """One file that could not be signed."""

    file: FileId
    path: str
    code: FileCode
    detail: str


class IngestAnswer(JobAnswer):
    """How the state was brought up to date."""

    status: Literal["complete", "running", "cancelled"]
    base: str
    scan: ScanCounts
    processed: Count
    failed: Count
    remaining: Count
    rate: IngestRate
    route: Route
    errors: tuple[FileError, ...] = ()
    errors_by_code: dict[FileCode, Count] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
