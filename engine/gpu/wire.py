"""What the server and the process of the GPU say to each other; the framing is that of a worker.

Unlike a worker, this process has several films in hand: every message names the one it is about.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from autodedup.engine.workers.wire import AboutFile, Refused, SignatureHead
from autodedup.schemas.base import Frozen

_Text = Annotated[str, Field(max_length=1000)]
_Key = Annotated[int, Field(ge=0)]


class Ask(AboutFile):
    """Sign a film; `cpu_wait_s` is how long it would wait for a worker on the CPU."""

    kind: Literal["ask"] = "ask"
    key: _Key
    embedded: bool = False
    cpu_wait_s: Annotated[float, Field(ge=0)] = 0.0


class Ready(Frozen):
    """The GPU can be used; so many films can be in hand at once."""

    kind: Literal["ready"] = "ready"
    gpu: _Text
    at_once: Annotated[int, Field(ge=1, le=64)]


class Unusable(Frozen):
    """The GPU cannot be used; the process ends."""

    kind: Literal["unusable"] = "unusable"
    why: _Text


class Alive(Frozen):
    """A film has come further."""

    kind: Literal["alive"] = "alive"
    key: _Key


class Signed(Frozen):
    """The signature of a film; its arrays are the body of the message."""

    kind: Literal["signed"] = "signed"
    key: _Key
    head: SignatureHead


class LeftToCpu(Frozen):
    """A film that the CPU is to look at, and why."""

    kind: Literal["left"] = "left"
    key: _Key
    why: _Text


class RefusedFile(Refused):
    """What a worker would refuse as well."""

    key: _Key


Head = Ask | Ready | Unusable | Alive | Signed | LeftToCpu | RefusedFile
LANGUAGE: TypeAdapter[Head] = TypeAdapter(Annotated[Head, Field(discriminator="kind")])
