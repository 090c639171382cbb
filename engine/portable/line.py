"""A signature as one line of text, so that files can be signed on any machine and told here.

A line says what content it is of by the content itself (size, and the hash of both ends), never
by a name, and how the signature was made. It may come from anywhere: every number in it is
checked, nothing in it can run, and what it says of its own size is not believed.
"""

import base64
import binascii
import zlib
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from autodedup.engine.media.facts import MediaFacts
from autodedup.engine.signature.model import Signature
from autodedup.engine.workers.framing import NonsenseError
from autodedup.engine.workers.wire import SignatureHead, signature_message, signature_of
from autodedup.schemas.base import Frozen
from autodedup.schemas.errors import FileCode

LONGEST_LINE = 16 << 20  # bytes
_LONGEST_BODY = 64 << 20
_LONGEST_SECONDS = 1e8
_LARGEST_SIDE = 1 << 20  # pixels as displayed
_LARGEST_RATE = 1 << 50  # bits a second
_LONGEST_NAME = 200  # of a codec or a container

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Path = Annotated[str, Field(max_length=4096)]


class SignedLine(Frozen):
    """A signed file. `path` is for people to read; nothing is looked up by it."""

    kind: Literal["autodedup-signature-1"] = "autodedup-signature-1"
    path: _Path
    size: Annotated[int, Field(ge=1, lt=1 << 62)]
    edges: _Digest
    head: SignatureHead
    body: Annotated[str, Field(max_length=LONGEST_LINE)]

    def signature(self) -> Signature:
        """Return the signature.

        Raises:
            NonsenseError: It is by another recipe, or not one that could have been made.
        """
        _check(self.head)
        try:
            packed = base64.b64decode(self.body, validate=True)
            opener = zlib.decompressobj()
            plain = opener.decompress(packed, _LONGEST_BODY)
        except (binascii.Error, ValueError, zlib.error) as error:
            raise NonsenseError("a body that cannot be unpacked") from error
        if not opener.eof or opener.unused_data:
            raise NonsenseError("a body that is too long or not whole")
        return signature_of(self.head, plain)


class RefusedLine(Frozen):
    """A file that could not be signed, and why."""

    kind: Literal["autodedup-refused-1"] = "autodedup-refused-1"
    path: _Path
    code: FileCode
    detail: Annotated[str, Field(max_length=1000)]


Line = SignedLine | RefusedLine
_LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def signed_line(path: str, size: int, edges: bytes, signature: Signature) -> SignedLine:
    """Return the line that tells a signature; `path` is as it may be shown."""
    head, body = signature_message(signature)
    packed = base64.b64encode(zlib.compress(body)).decode("ascii")
    return SignedLine(path=path, size=size, edges=edges.hex(), head=head, body=packed)


def read_line(text: bytes) -> Line:
    """Return what a line says.

    Raises:
        NonsenseError: It is no such line.
    """
    if len(text) > LONGEST_LINE:
        raise NonsenseError("a line of impossible length")
    try:
        return _LINE.validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise NonsenseError("a line that is not in the language") from error


def _check(head: SignatureHead) -> None:
    facts = head.facts
    sides = (facts.width, facts.height)
    numbers = (
        all(0 < side <= _LARGEST_SIDE for side in sides)
        and 0 <= facts.rotation < 360  # noqa: PLR2004  # degrees
        and 0 <= facts.video_streams < _LARGEST_SIDE
        and 0 <= (facts.audio_channels or 0) < _LARGEST_SIDE
        and 0 <= (facts.bitrate_bps or 0) <= _LARGEST_RATE
        and 0 <= (facts.frames_per_second or 0.0) <= _LARGEST_SIDE
        and 0 <= (facts.duration_seconds or 0.0) <= _LONGEST_SECONDS
        and 0 <= head.seen_seconds <= _LONGEST_SECONDS
    )
    if not numbers or any(len(name) > _LONGEST_NAME for name in _names(facts)):
        raise NonsenseError("facts that cannot be")


def _names(facts: MediaFacts) -> tuple[str, ...]:
    return (facts.container, facts.codec, facts.pixel_format or "", facts.audio_codec or "")
