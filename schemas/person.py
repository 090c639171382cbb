"""What the two commands answer that are a person's acts and no tools: approve and purge."""

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.errors import FileCode
from autodedup.schemas.vocabulary import ByteCount, Count, Digest, PlanId


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
