"""What `apply_plan` and `undo_plan` take and answer."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from autodedup.schemas.base import Frozen
from autodedup.schemas.errors import FileCode
from autodedup.schemas.jobs import JobAnswer, JobArguments
from autodedup.schemas.vocabulary import (
    ActionKind,
    ByteCount,
    Count,
    Digest,
    FileId,
    PlanId,
)


class ApplyArguments(JobArguments):
    """Which plan to carry out, bound to what was reviewed by its digest."""

    plan: Annotated[PlanId | None, Field(description="Plan to carry out.", examples=["p7"])] = None
    digest: Annotated[
        Digest | None, Field(description="Digest that plan_actions returned with it.")
    ] = None
    on_error: Annotated[
        Literal["continue", "stop"], Field(description="What to do when an item fails.")
    ] = "continue"

    @model_validator(mode="after")
    def _plan_and_digest_or_job(self) -> "ApplyArguments":
        if self.job is None and (self.plan is None or self.digest is None):
            raise ValueError("plan and digest are needed to apply; or job, to wait on one")
        return self


class UndoArguments(JobArguments):
    """Which applied plan to put back."""

    plan: Annotated[PlanId | None, Field(description="Plan to undo.", examples=["p7"])] = None

    @model_validator(mode="after")
    def _plan_or_job(self) -> "UndoArguments":
        if self.job is None and self.plan is None:
            raise ValueError("plan is needed to undo; or job, to wait on one")
        return self


class ItemProblem(Frozen):
    """One action that was not done, and why."""

    n: Count
    action: ActionKind
    file: FileId
    path: str
    code: FileCode
    detail: str


class ApplyAnswer(JobAnswer):
    """What was done. Items that were not done are listed with their code."""

    status: Literal["applied", "running", "partial", "cancelled", "undone"]
    plan: PlanId
    base: str
    done: Count
    skipped: Count
    failed: Count
    bytes_freed: ByteCount
    items: tuple[ItemProblem, ...] = ()
    items_total: Count = 0
    undo: Annotated[
        str | None, Field(description="Plan id to hand to undo_plan to put it back.")
    ] = None
    notes: tuple[str, ...] = ()
