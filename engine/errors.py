"""What can go wrong in the engine, and what the person can do about it.

    AutoDedupError      stops a call: one subclass for each code of `schemas.errors`
    └── …
    FileError           stops one file; the scan or the plan goes on

The code, exit status, `retryable` and the standing remedy come from `schemas.errors`. Anything
else that escapes a tool is a bug of ours, and is reported as one.
"""

from typing import ClassVar

from pydantic import JsonValue

from autodedup.schemas.errors import ERRORS, ErrorBody, ErrorCode, ErrorFact, FileCode


class AutoDedupError(Exception):
    """Base of every error that stops a call on purpose.

    `message` says what happened, to which file, and what was left alone; `hint` says what to
    do next and replaces the standing remedy where more is known.
    """

    code: ClassVar[ErrorCode]

    def __init__(
        self, message: str, *, hint: str | None = None, details: dict[str, JsonValue] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.fact().remedy
        self.details = details

    @classmethod
    def fact(cls) -> ErrorFact:
        """Return this error's row of the table."""
        return ERRORS[cls.code]

    def body(self) -> ErrorBody:
        """Return what a client is told."""
        return ErrorBody(
            code=self.code,
            message=self.message,
            retryable=self.fact().retryable,
            hint=self.hint,
            details=self.details,
        )


class InternalFaultError(AutoDedupError):
    """A fault of our own, told by its incident id alone."""

    code = "INTERNAL"


class DatabaseLockedError(AutoDedupError):
    """Another process holds the database or the lease."""

    code = "DB_LOCKED"


class GpuOutOfMemoryError(AutoDedupError):
    """One frame does not fit into the GPU's memory."""

    code = "GPU_OOM"


class InvalidArgumentError(AutoDedupError):
    """An argument is unknown, ill-typed or out of range."""

    code = "INVALID_ARGUMENT"


class NoRootsError(AutoDedupError):
    """The server was started without a library folder."""

    code = "NO_ROOTS"


class PathNotFoundError(AutoDedupError):
    """A path does not exist or cannot be read."""

    code = "PATH_NOT_FOUND"


class PathOutsideRootsError(AutoDedupError):
    """A path leads outside the library."""

    code = "PATH_OUTSIDE_ROOTS"


class PreflightFailedError(AutoDedupError):
    """A check that preflight makes stands in the way."""

    code = "PREFLIGHT_FAILED"


class NotIngestedError(AutoDedupError):
    """The state has nothing to work on yet."""

    code = "NOT_INGESTED"


class UnknownIdError(AutoDedupError):
    """No group, file, job or result has this id."""

    code = "NOT_FOUND"


class CursorExpiredError(AutoDedupError):
    """The cursor's list is gone."""

    code = "CURSOR_EXPIRED"


class PlanNotFoundError(AutoDedupError):
    """No plan has this id."""

    code = "PLAN_NOT_FOUND"


class DigestMismatchError(AutoDedupError):
    """The digest is not that of the plan."""

    code = "DIGEST_MISMATCH"


class PlanStaleError(AutoDedupError):
    """Nothing of the plan can be applied any more."""

    code = "PLAN_STALE"


class ReadOnlyError(AutoDedupError):
    """Writing is switched off, or the disk is read-only."""

    code = "READ_ONLY"


class DeleteNotAllowedError(AutoDedupError):
    """The operator has not allowed permanent deletion."""

    code = "DELETE_NOT_ALLOWED"


class ApprovalRequiredError(AutoDedupError):
    """A person has to agree first."""

    code = "APPROVAL_REQUIRED"


class NoSpaceError(AutoDedupError):
    """A disk is full."""

    code = "NO_SPACE"


class PermissionDeniedError(AutoDedupError):
    """The server's user may not read or write a path."""

    code = "PERMISSION_DENIED"


class ModelUnavailableError(AutoDedupError):
    """A model file is missing or damaged."""

    code = "MODEL_UNAVAILABLE"


class DatabaseDamagedError(AutoDedupError):
    """The state database cannot be trusted."""

    code = "DB_DAMAGED"


class DatabaseTooNewError(AutoDedupError):
    """The state database belongs to a newer version."""

    code = "DB_TOO_NEW"


class ApplyUnfinishedError(AutoDedupError):
    """An interrupted apply has to be recovered first."""

    code = "APPLY_UNFINISHED"


class CancelledError(AutoDedupError):
    """The work was cancelled."""

    code = "CANCELLED"


def error_of_code(body: ErrorBody) -> AutoDedupError:
    """Return the error that a stored body tells of."""
    kinds = {kind.code: kind for kind in AutoDedupError.__subclasses__()}
    return kinds[body.code](body.message, hint=body.hint, details=body.details)


class FileError(Exception):
    """One file cannot be read, signed or acted upon; the rest goes on."""

    def __init__(self, code: FileCode, detail: str) -> None:
        super().__init__(detail)
        self.code: FileCode = code
        self.detail = detail

    def __reduce__(self) -> tuple[type["FileError"], tuple[FileCode, str]]:
        """Make the error survive a trip between processes."""
        return FileError, (self.code, self.detail)
