"""What the server and the process of the GPU say to each other; the framing is that of a worker.

Unlike a worker, this process has several films in hand: every message names the one it is about.
"""

import os
from typing import Annotated, BinaryIO, Literal

from pydantic import Field, TypeAdapter, ValidationError

from autodedup.engine.media.reading import Seen
from autodedup.engine.workers.wire import NonsenseError, SignatureHead, read_message
from autodedup.schemas.base import Frozen
from autodedup.schemas.errors import FileCode

_Text = Annotated[str, Field(max_length=1000)]
_Key = Annotated[int, Field(ge=0)]


class Ask(Frozen):
    """Sign a film; `cpu_wait_s` is how long it would wait for a worker on the CPU."""

    kind: Literal["ask"] = "ask"
    key: _Key
    path_hex: str
    size: int
    mtime_ns: int
    device: int | None = None
    inode: int | None = None
    embedded: bool = False
    cpu_wait_s: Annotated[float, Field(ge=0)] = 0.0

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return os.fsdecode(bytes.fromhex(self.path_hex))

    @property
    def expected(self) -> Seen:
        """Return what the file has to be."""
        return Seen(self.size, self.mtime_ns, self.device, self.inode)


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


class RefusedFile(Frozen):
    """The file is at fault, or the circumstances."""

    kind: Literal["refused"] = "refused"
    key: _Key
    code: FileCode
    detail: _Text


Head = Ask | Ready | Unusable | Alive | Signed | LeftToCpu | RefusedFile
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
