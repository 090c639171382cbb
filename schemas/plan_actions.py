"""What `plan_actions` takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.plan import PlanStatus, Risk
from autodedup.schemas.vocabulary import (
    ActionKind,
    ByteCount,
    Count,
    Digest,
    FileId,
    FileRef,
    GroupId,
    KeepRule,
    PlanId,
    ResultId,
)

RemovalKind = Literal["trash", "delete", "hardlink", "reflink", "symlink", "keep"]
LosslessKind = Literal["trash", "delete", "keep"]


class Policy(Frozen):
    """What to do with each kind of redundant file, with broken ones, and with survivors."""

    exact: RemovalKind = "trash"
    same_stream: LosslessKind = "trash"
    near: LosslessKind = "trash"
    contains: LosslessKind = "keep"
    broken: Literal["keep", "quarantine"] = "keep"
    survivors: Literal["keep", "organize"] = "keep"


class PlanArguments(Frozen):
    """Which groups to plan for, by which rules; or which stored plan to show."""

    result: Annotated[
        ResultId | None,
        Field(description="Result to plan from; default: the newest.", examples=["r2"]),
    ] = None
    groups: Annotated[
        tuple[GroupId, ...] | None, Field(description="Only these groups.", examples=[["g3"]])
    ] = None
    policy: Annotated[
        Policy | None,
        Field(description="What to do by kind.", examples=[{"near": "keep"}]),
    ] = None
    keep: Annotated[
        tuple[KeepRule, ...] | None,
        Field(description="Order of the rules that choose the keeper.", min_length=1),
    ] = None
    protect: Annotated[
        tuple[FileRef, ...] | None,
        Field(description="Files or folders never to act upon in this plan."),
    ] = None
    overrides: Annotated[
        dict[GroupId, FileRef] | None,
        Field(description="Keeper by group.", examples=[{"g3": "f9"}]),
    ] = None
    exclude: Annotated[
        tuple[FileRef, ...] | None, Field(description="Files to leave alone.", examples=[["f7"]])
    ] = None
    remember: Annotated[
        bool, Field(description="Record the excluded files as not duplicates, for good.")
    ] = False
    report: Annotated[bool, Field(description="Write an HTML page to review.")] = False
    plan: Annotated[
        PlanId | None, Field(description="Show this stored plan instead.", examples=["p7"])
    ] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Actions a page.")] = 30
    cursor: Annotated[
        str | None, Field(description="next_cursor of the page before.", max_length=200)
    ] = None


class ActionTotal(Frozen):
    """How many files one kind of action touches."""

    files: Count
    bytes: ByteCount


class PlannedAction(Frozen):
    """One action as a reviewer reads it."""

    n: Count
    action: ActionKind
    file: FileId
    path: str
    to: str | None = None
    keep: FileId | None = None
    because: str


class PlanAnswer(Answer):
    """A plan to review. Nothing has been done; apply_plan takes `plan` and `digest`."""

    plan: PlanId
    digest: Digest
    status: PlanStatus
    base: str
    summary: dict[ActionKind, ActionTotal]
    bytes_freed: ByteCount
    risks: tuple[Risk, ...]
    actions: tuple[PlannedAction, ...]
    actions_total: Count
    remembered: Count | None = None
    report: str | None = None
    next_cursor: str | None = None
