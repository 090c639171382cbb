"""What `preflight` takes and answers."""

from typing import Annotated, Literal

from pydantic import Field

from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.vocabulary import ByteCount, Count, FileRef


class PreflightArguments(Frozen):
    """Which part of the library to look at; all of it when left out."""

    paths: Annotated[
        tuple[FileRef, ...] | None,
        Field(description="Folders to look at; default: every root.", examples=[["holidays"]]),
    ] = None


class Check(Frozen):
    """One thing that could stop the job."""

    name: str
    status: Literal["pass", "warn", "fail"]
    detail: str
    fix: str | None = None


class ModelState(Frozen):
    """Whether a model can be used here, and why not."""

    available: bool
    model: str | None = None
    why: str


class EngineState(Frozen):
    """What decodes and computes here."""

    decoder: Literal["nvdec", "pyav"]
    why: str
    device: str
    codecs: tuple[str, ...]
    copy_detection: Annotated[ModelState, Field(serialization_alias="copy")]
    semantic: ModelState


class LibraryState(Frozen):
    """What lies in the library, by a walk without opening files."""

    files: Count
    bytes: ByteCount
    by_extension: dict[str, Count]
    free_bytes: ByteCount


class DatabaseState(Frozen):
    """What the state database holds."""

    db: str
    schema_version: int
    by_status: dict[str, Count]
    unfinished_apply: bool


class PreflightAnswer(Answer):
    """Whether the job can be done here. Not ready is an answer, not an error."""

    ready: bool
    checks: tuple[Check, ...]
    engine: EngineState
    library: LibraryState
    state: DatabaseState
    base: str
