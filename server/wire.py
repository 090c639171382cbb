"""The envelope around every answer: the same for MCP and for the command line.

Success is `{"ok":true,…}`, failure `{"ok":false,"error":{…}}`; both are compact JSON without
nulls, and the text is exactly the JSON of the body.
"""

import json
import logging
import secrets
from dataclasses import dataclass, replace

from pydantic import JsonValue

from autodedup.engine.errors import AutoDedupError, InternalFaultError
from autodedup.schemas.base import Answer
from autodedup.schemas.errors import ERRORS, ErrorCode, Failure
from autodedup.tools.spec import Illustrated, Picture

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One answer, as an object and as text; `code` is that of the error, if it is one.

    `pictures` go beside it where they can be shown; a command line has no place for them.
    """

    body: dict[str, JsonValue]
    text: str
    code: ErrorCode | None = None
    pictures: tuple[Picture, ...] = ()

    @property
    def exit_code(self) -> int:
        """Return the exit status of a command that gives this answer."""
        return 0 if self.code is None else ERRORS[self.code].exit_code


def success(answered: Answer | Illustrated) -> Envelope:
    """Wrap a tool's answer, with its pictures if it has any.

    Raises:
        ValueError: The answer holds a number that JSON has no word for (a fault of ours).
    """
    if isinstance(answered, Illustrated):
        return replace(_sealed(answered.answer.wire(), None), pictures=answered.pictures)
    return _sealed(answered.wire(), None)


def failure(error: AutoDedupError) -> Envelope:
    """Wrap an error that was raised on purpose."""
    return _sealed(Failure(error=error.body()).wire(), error.code)


def incident(doing: str, error: Exception) -> Envelope:
    """Wrap an exception that nobody foresaw: a number for the client.

    The exception's own words may name anything on this machine, so they and the traceback go to
    stderr alone, under the same number.
    """
    number = secrets.token_hex(4)
    logger.error("incident %s in %s", number, doing, exc_info=error)
    return failure(
        InternalFaultError(
            f"AutoDedup failed in {doing} through a fault of its own (incident {number}).",
            details={"incident": number},
        )
    )


def _sealed(body: dict[str, JsonValue], code: ErrorCode | None) -> Envelope:
    whole = {name: _without_nulls(value) for name, value in body.items() if value is not None}
    text = json.dumps(whole, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        # Names pass through engine.names.shown; a surrogate that got by must not kill the wire.
        text = text.encode(errors="replace").decode()
        whole = json.loads(text)
    return Envelope(whole, text, code)


def _without_nulls(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return value
