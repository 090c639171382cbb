"""What the commands answer that are a person's acts and no tools: approve, purge, import."""

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.errors import FileCode
from autodedup.schemas.vocabulary import ByteCount, Count, Digest, JobStatus, PlanId


class ApprovalAnswer(Answer):
    """A person agreed to exactly the plan of this digest."""

    plan: PlanId
    digest: Digest


class LeftInTrash(Frozen):
    """One file that was not removed, and why."""

    path: str
    code: FileCode
    detail: str


class PurgeAnswer(Answer):
    """What was removed from the trash for good."""

    removed: Count
    bytes_freed: ByteCount
    left: tuple[LeftInTrash, ...] = ()


class ImportAnswer(Answer):
    """What became of signatures that were made elsewhere: lines by their fate, and files."""

    status: JobStatus
    lines: dict[str, Count]
    files_signed: Count
    left: Count
    """Files that wait for an ingest."""
