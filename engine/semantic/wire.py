"""What the server and the process of the semantic tier say to each other.

The framing is that of `engine.workers.wire`: a head as JSON and a body of raw numbers. Pictures go
out, rows of numbers come back.
"""

from typing import Annotated, BinaryIO, Literal

from pydantic import Field, TypeAdapter, ValidationError

from autodedup.engine.workers.wire import NonsenseError, read_message
from autodedup.schemas.base import Frozen

_Text = Annotated[str, Field(max_length=2000)]


class Ready(Frozen):
    """The model is loaded."""

    kind: Literal["ready"] = "ready"
    recipe: Annotated[str, Field(max_length=300)]
    dimensions: Annotated[int, Field(ge=1, le=8192)]
    side: Annotated[int, Field(ge=16, le=512)]
    device: Literal["cpu", "cuda"]
    model: _Text


class Unavailable(Frozen):
    """The model cannot be used; the process ends."""

    kind: Literal["unavailable"] = "unavailable"
    message: _Text
    hint: _Text


class Frames(Frozen):
    """Pictures to embed: (frames, side, side, 3) uint8 in the body."""

    kind: Literal["frames"] = "frames"
    frames: Annotated[int, Field(ge=1, le=4096)]


class Rows(Frozen):
    """What was embedded: (frames, dimensions) float32 in the body."""

    kind: Literal["rows"] = "rows"
    frames: Annotated[int, Field(ge=1, le=4096)]


class TooLarge(Frozen):
    """Not even one picture fits into the memory."""

    kind: Literal["too_large"] = "too_large"
    message: _Text
    hint: _Text


Head = Ready | Unavailable | Frames | Rows | TooLarge
_HEAD: TypeAdapter[Head] = TypeAdapter(Annotated[Head, Field(discriminator="kind")])


def receive(pipe: BinaryIO) -> tuple[Head, bytes] | None:
    """Read one message, None at the end of the pipe.

    Raises:
        NonsenseError: What came is no message of this language.
    """
    message = read_message(pipe)
    if message is None:
        return None
    try:
        return _HEAD.validate_json(message[0]), message[1]
    except ValidationError as error:
        raise NonsenseError("a message that is not in the language") from error
