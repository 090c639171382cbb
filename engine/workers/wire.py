"""What the server and a worker say to each other, and the arrays that go with it.

The framing is that of `engine.workers.framing`; the arrays of a signature are the body, one after
the other.
"""

import os
from dataclasses import asdict
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter

from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import FULL, SMALL
from autodedup.engine.embedding.shapes import VIEWS as EMBEDDED_VIEWS
from autodedup.engine.errors import FileError
from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.media.moments import MOST_FRAMES
from autodedup.engine.media.reading import Seen
from autodedup.engine.media.shots import MOST_WIDE, Shots, Wanted
from autodedup.engine.media.stills import STILLS, Stills
from autodedup.engine.signature.model import ANCHORS, HASH_BYTES, Embeddings, SetIn, Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.views import VIEWS
from autodedup.engine.workers.framing import NonsenseError
from autodedup.schemas.base import Frozen
from autodedup.schemas.errors import FileCode

Job = Literal["sign", "sha256", "streams", "stills", "shots"]
_Text = Annotated[str, Field(max_length=1000)]
_Finite = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class AboutFile(Frozen):
    """Which file is meant. The path is hexadecimal: JSON cannot hold every name on a disk."""

    path_hex: str
    expected: Seen

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return os.fsdecode(bytes.fromhex(self.path_hex))


def in_hex(path: str) -> str:
    """Return a path as messages carry it."""
    return os.fsencode(path).hex()


class Request(AboutFile):
    """What the server asks."""

    kind: Literal["request"] = "request"
    job: Job
    embedded: bool = False  # of a signature: with the embeddings of its frames
    side: Annotated[int, Field(ge=16, le=512)] | None = None  # of stills, in pixels
    wanted: Wanted | None = None  # of shots
    why_cpu: _Text = "the CPU was asked"  # of a signature: what its route says


class Alive(Frozen):
    """A worker has started, or has come further; a spent one should be asked nothing more."""

    kind: Literal["alive"] = "alive"
    spent: bool = False


class Refused(Frozen):
    """The file is at fault, or the circumstances."""

    kind: Literal["refused"] = "refused"
    code: FileCode
    detail: _Text

    @property
    def error(self) -> FileError:
        """Return the error that it stands for."""
        return FileError(self.code, self.detail)


class Digest(Frozen):
    """A SHA-256."""

    kind: Literal["digest"] = "digest"
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SetInHead(Frozen):
    """A film that is set into the picture of another."""

    share: Annotated[float, Field(gt=0, le=1)]
    window: Annotated[int, Field(ge=FULL, lt=SMALL)]


class SignatureHead(Frozen):
    """A signature; its arrays of `frames` frames are the body of the message."""

    kind: Literal["signature"] = "signature"
    recipe: _Text
    facts: MediaFacts
    route: DecodeRoute
    seen_seconds: _Finite
    # Lines of an older version lack these.
    shown_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    inset: SetInHead | None = None
    frames: Annotated[int, Field(ge=1, le=2 * MOST_FRAMES)]
    notes: Annotated[tuple[_Text, ...], Field(max_length=20)]
    embedding_recipe: Annotated[str, Field(pattern=r"^copy[0-9]+\[[0-9a-f]{16}\]$")] | None = None


class StillsHead(Frozen):
    """Pictures spread over a film: their times and then the pictures are the body."""

    kind: Literal["stills"] = "stills"
    frames: Annotated[int, Field(ge=1, le=STILLS)]
    side: Annotated[int, Field(ge=16, le=512)]


class ShotsHead(Frozen):
    """Pictures around given instants: which instant each is for, its time, and its size."""

    kind: Literal["shots"] = "shots"
    rows: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1, max_length=1024)]
    seconds: Annotated[tuple[_Finite, ...], Field(min_length=1, max_length=1024)]
    width: Annotated[int, Field(ge=2, le=MOST_WIDE)]
    height: Annotated[int, Field(ge=2, le=MOST_WIDE)]


Head = Request | Alive | Refused | Digest | SignatureHead | StillsHead | ShotsHead
LANGUAGE: TypeAdapter[Head] = TypeAdapter(Annotated[Head, Field(discriminator="kind")])


def signature_message(signature: Signature) -> tuple[SignatureHead, bytes]:
    """Return the head and the body that stand for a signature."""
    head = SignatureHead(
        recipe=signature.recipe,
        facts=signature.facts,
        route=signature.route,
        seen_seconds=signature.seen_seconds,
        shown_share=signature.shown_share,
        inset=None if signature.inset is None else SetInHead(**asdict(signature.inset)),
        frames=len(signature.times_seconds),
        notes=tuple(note[:1000] for note in signature.notes[:20]),
        embedding_recipe=None if signature.embeddings is None else signature.embeddings.recipe,
    )
    arrays: tuple[NDArray[np.generic], ...] = (
        signature.times_seconds,
        signature.hashes,
        signature.quality,
        signature.anchor_whashes,
        *(() if signature.embeddings is None else (signature.embeddings.rows,)),
    )
    return head, b"".join(array.tobytes() for array in arrays)


def signature_of(head: SignatureHead, body: bytes) -> Signature:
    """Return the signature that a message stands for.

    Raises:
        NonsenseError: The arrays do not fit the head, or hold impossible values.
    """
    if head.recipe != RECIPE:
        raise NonsenseError("a signature by another recipe")
    n = head.frames
    hash_bytes = n * len(VIEWS) * HASH_BYTES
    embedded_bytes = 0 if head.embedding_recipe is None else n * len(EMBEDDED_VIEWS) * DIMENSIONS
    sizes = (8 * n, hash_bytes, 4 * n, 8 * len(ANCHORS), embedded_bytes)
    if len(body) != sum(sizes):
        raise NonsenseError("arrays of the wrong length")
    ends = np.cumsum(sizes)
    times, hashes, quality, anchors, embedded = (
        body[end - size : end] for end, size in zip(ends, sizes, strict=True)
    )
    signature = Signature(
        recipe=head.recipe,
        facts=head.facts,
        route=head.route,
        seen_seconds=head.seen_seconds,
        shown_share=head.shown_share,
        inset=None if head.inset is None else SetIn(head.inset.share, head.inset.window),
        times_seconds=np.frombuffer(times, np.float64),
        hashes=np.frombuffer(hashes, np.uint8).reshape(n, len(VIEWS), HASH_BYTES),
        quality=np.frombuffer(quality, np.float32),
        anchor_whashes=np.frombuffer(anchors, np.uint64),
        notes=head.notes,
        embeddings=None
        if head.embedding_recipe is None
        else Embeddings(
            head.embedding_recipe,
            np.frombuffer(embedded, np.int8).reshape(n, len(EMBEDDED_VIEWS), DIMENSIONS),
        ),
    )
    rising = (
        np.isfinite(signature.times_seconds).all()
        and (np.diff(signature.times_seconds, prepend=0.0) >= 0).all()
    )
    if not rising or not ((signature.quality >= 0) & (signature.quality <= 1)).all():
        raise NonsenseError("times or qualities that cannot be")
    return signature


def stills_message(stills: Stills) -> tuple[StillsHead, bytes]:
    """Return the head and the body that stand for stills."""
    head = StillsHead(frames=len(stills.times_seconds), side=stills.pictures.shape[1])
    return head, stills.times_seconds.astype("<f8").tobytes() + stills.pictures.tobytes()


def stills_of(head: StillsHead, body: bytes) -> Stills:
    """Return the stills that a message stands for.

    Raises:
        NonsenseError: The body does not fit the head, or its times do not rise.
    """
    n, side = head.frames, head.side
    if len(body) != 8 * n + n * side * side * 3:
        raise NonsenseError("pictures of the wrong length")
    times = np.frombuffer(body[: 8 * n], "<f8").astype(np.float64)
    if not np.isfinite(times).all() or (np.diff(times, prepend=0.0) < 0).any():
        raise NonsenseError("times that cannot be")
    return Stills(times, np.frombuffer(body[8 * n :], np.uint8).reshape(n, side, side, 3))


def shots_message(shots: Shots) -> tuple[ShotsHead, bytes]:
    """Return the head and the body that stand for shots."""
    height, width = shots.pictures.shape[1:3]
    head = ShotsHead(
        rows=tuple(shots.rows.tolist()),
        seconds=tuple(shots.times_seconds.tolist()),
        width=width,
        height=height,
    )
    return head, shots.pictures.tobytes()


def shots_of(head: ShotsHead, body: bytes, wanted: Wanted) -> Shots:
    """Return the shots that a message stands for.

    Raises:
        NonsenseError: The body does not fit the head, or it is not what was wanted.
    """
    n = len(head.rows)
    if len(head.seconds) != n or len(body) != n * head.width * head.height * 3:
        raise NonsenseError("pictures of the wrong length")
    if max(head.rows) >= len(wanted.instants) or max(head.width, head.height) > wanted.wide:
        raise NonsenseError("pictures that nobody asked for")
    return Shots(
        rows=np.array(head.rows, dtype=np.intp),
        times_seconds=np.array(head.seconds, dtype=np.float64),
        pictures=np.frombuffer(body, np.uint8).reshape(n, head.height, head.width, 3),
    )
