"""What the server and the process of the semantic tier say to each other.

The framing is that of `engine.workers.framing`. Pictures go out, rows of numbers come back.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

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
LANGUAGE: TypeAdapter[Head] = TypeAdapter(Annotated[Head, Field(discriminator="kind")])
