"""The bytes between the server and a process of its own: a head as JSON and a body of raw numbers.

A media file may take over the decoder that reads it, and so the process. What a process says is
therefore checked like a stranger's word, and nothing in it can run as code, as a pickle could.

A message is the length of its head and of its body (two 32-bit little-endian numbers), the head
and the body. Which heads there are is the language of the two that speak.
"""

import struct
from typing import BinaryIO, TypeVar

from pydantic import TypeAdapter, ValidationError

from autodedup.schemas.base import Frozen

H = TypeVar("H")
_LENGTHS = struct.Struct("<II")
_LONGEST_HEAD = 1 << 20
_LONGEST_BODY = 64 << 20


class NonsenseError(Exception):
    """The other side of a pipe said something that is not in the language."""


def send(pipe: BinaryIO, head: Frozen, body: bytes = b"") -> None:
    """Write one message and see it off."""
    text = head.model_dump_json().encode()
    pipe.write(_LENGTHS.pack(len(text), len(body)) + text + body)
    pipe.flush()


def receive(pipe: BinaryIO, language: TypeAdapter[H]) -> tuple[H, bytes] | None:
    """Read one message, None at the end of the pipe.

    Raises:
        NonsenseError: What came is no message of this language.
    """
    lengths = pipe.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head_bytes, body_bytes = _LENGTHS.unpack(lengths)
    if head_bytes > _LONGEST_HEAD or body_bytes > _LONGEST_BODY:
        raise NonsenseError("a message of impossible length")
    head, body = pipe.read(head_bytes), pipe.read(body_bytes)
    if len(head) < head_bytes or len(body) < body_bytes:
        return None
    try:
        return language.validate_json(head), body
    except ValidationError as error:
        raise NonsenseError("a message that is not in the language") from error
