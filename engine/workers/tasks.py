"""What a worker process can be asked, and what comes of it: values only.

`expected` is what the asker saw of the file. If it is another when it is opened, or after it was
read, the outcome is FILE_CHANGED.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from autodedup.engine.errors import FileError
from autodedup.engine.media.reading import Seen
from autodedup.engine.media.shots import Shots, Wanted
from autodedup.engine.media.stills import Stills
from autodedup.engine.signature.model import Signature

V = TypeVar("V", Signature, bytes, Stills, Shots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Generic[V]):
    """Work on one file; `key` is the asker's own number for it."""

    key: int
    path: str
    expected: Seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTask(Task[Signature]):
    """Sign a video; with `embedded`, for the copy tier too. `why_cpu` is told in its route."""

    embedded: bool = False
    why_cpu: str = "the CPU was asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestTask(Task[bytes]):
    """Hash all bytes of a file with SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamHashTask(Task[bytes]):
    """Hash the encoded streams of a video with SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StillsTask(Task[Stills]):
    """Take pictures spread over a video, squares of `side` pixels."""

    side: int = 224


@dataclass(frozen=True, slots=True, kw_only=True)
class ShotsTask(Task[Shots]):
    """Take pictures of a video around given instants."""

    wanted: Wanted


@dataclass(frozen=True, slots=True)
class Done(Generic[V]):
    """A task that gave its value."""

    task: Task[V]
    value: V
    error: None = None


@dataclass(frozen=True, slots=True)
class Failed(Generic[V]):
    """A task whose file was refused; the worker, too, may have gone with it."""

    task: Task[V]
    error: FileError


Outcome = Done[V] | Failed[V]
