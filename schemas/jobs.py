"""Long work: how to wait for it, look at it and stop it."""

from typing import Annotated

from pydantic import Field, model_validator

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.vocabulary import Count, JobId

DEFAULT_WAIT_S = 45  # under the minute after which many clients give a call up


class JobArguments(Frozen):
    """Arguments shared by every tool whose work may outlast one call."""

    wait_s: Annotated[
        float,
        Field(ge=0, le=3600, description="Seconds to wait for the end."),
    ] = DEFAULT_WAIT_S
    job: Annotated[
        JobId | None,
        Field(description="Wait on this job instead.", examples=["j2"]),
    ] = None
    cancel: Annotated[bool, Field(description="Stop job; finished work is kept.")] = False

    @model_validator(mode="after")
    def _cancel_names_a_job(self) -> "JobArguments":
        if self.cancel and self.job is None:
            raise ValueError("cancel needs job: the id of the job to stop")
        return self


class Progress(Frozen):
    """How far a job has come. `rate` is in units a second."""

    done: Count
    total: Count
    unit: str
    rate: float | None = None
    eta_s: float | None = None
    doing: str | None = None


class JobAnswer(Answer):
    """The part of an answer that speaks of the job behind it."""

    job: JobId | None = None
    progress: Progress | None = None
