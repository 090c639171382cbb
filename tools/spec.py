"""What a tool is: a static value that names its words, its schemas, its hints and its work."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.base import Answer, Frozen

A = TypeVar("A", bound=Frozen)


@dataclass(frozen=True, slots=True)
class Hints:
    """How dangerous a tool is; read-only mode is derived from `read_only`.

    `moves_files` is whether it moves the user's files, if only back: no hint of the protocol.
    """

    read_only: bool
    destructive: bool
    idempotent: bool
    moves_files: bool = False


READS = Hints(read_only=True, destructive=False, idempotent=True)
WRITES_STATE = Hints(read_only=False, destructive=False, idempotent=True)
MOVES_FILES = Hints(read_only=False, destructive=True, idempotent=True, moves_files=True)
PUTS_FILES_BACK = Hints(read_only=False, destructive=False, idempotent=True, moves_files=True)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture for those who can look at one; `mime` says how `data` is encoded."""

    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Illustrated:
    """An answer with pictures beside it, which are no part of its JSON."""

    answer: Answer
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class ToolSpec(Generic[A]):
    """One tool: what the model reads, what it takes and answers, and what it does."""

    name: str
    title: str
    description: str
    arguments: type[A]
    answer: type[Answer]
    hints: Hints
    run: Callable[[Workbench, A, Caller], Answer | Illustrated]


# A tool whose arguments are of some schema: what the catalogue is a list of. The type parameter
# ties `run` to `arguments` inside one spec and says nothing to those who only list them.
AnyTool = ToolSpec[Any]
