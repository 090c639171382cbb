"""Three small tools to look at the wire with, and a command that serves them over stdio.

    python toy_tools.py --root DIR [settings]

`count` reads and reports progress, `hold` waits until it is let go, `drop` writes and fails in
any way it is asked to.
"""

import sys
import threading
from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from autodedup.engine import errors
from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.base import Answer, Frozen
from autodedup.schemas.jobs import Progress
from autodedup.schemas.vocabulary import FileId, Ratio
from autodedup.tools.spec import MOVES_FILES, READS, ToolSpec

LET_GO = threading.Event()
STARTED = threading.Event()
LEFT = threading.Event()


class Inner(Frozen):
    near: Literal["trash", "keep"] = "trash"


class CountArguments(Frozen):
    up_to: Annotated[int, Field(ge=1, le=1000, description="How far.", examples=[5])] = 3
    kind: Annotated[Literal["plain", "fancy"], Field(description="Which way.")] = "plain"
    names: Annotated[tuple[str, ...] | None, Field(description="Of what.", min_length=1)] = None
    file: Annotated[FileId | None, Field(description="Of which file.", examples=["f12"])] = None
    sure: Annotated[Ratio, Field(description="How sure.")] = 0.5
    policy: Annotated[Inner | None, Field(description="What to do.")] = None
    title: Annotated[str | None, Field(description="A name that is also a keyword.")] = None

    @model_validator(mode="after")
    def _fancy_names(self) -> "CountArguments":
        if self.kind == "fancy" and self.names is None:
            raise ValueError("fancy needs names")
        return self


class CountAnswer(Answer):
    counted: int
    note: str | None = None
    extra: dict[str, JsonValue] = Field(default_factory=dict)


class HoldArguments(Frozen):
    pass


class DropArguments(Frozen):
    how: Annotated[str, Field(description="Name of an error class, or a kind of bug.")]


def count(bench: Workbench, arguments: CountArguments, caller: Caller) -> CountAnswer:
    for done in range(1, arguments.up_to + 1):
        caller.report(Progress(done=done, total=arguments.up_to, unit="steps"))
    return CountAnswer(
        counted=arguments.up_to,
        note="ünïcödé ☃" if arguments.kind == "fancy" else None,
        extra={"none": None, "kept": [1, {"none": None}]},
    )


def hold(bench: Workbench, arguments: HoldArguments, caller: Caller) -> CountAnswer:
    STARTED.set()
    print("a stray print from a library")
    caller.report(Progress(done=1, total=2, unit="steps"))
    while not LET_GO.wait(0.01):
        if caller.gone.is_set():
            LEFT.set()
            break
    return CountAnswer(counted=0)


def drop(bench: Workbench, arguments: DropArguments, caller: Caller) -> CountAnswer:
    match arguments.how:
        case "bug":
            raise OSError(2, "No such file", "/home/somebody/secret.txt")
        case "nan":
            return CountAnswer(counted=1, extra={"value": float("nan")})
        case "surrogate":
            return CountAnswer(counted=1, note="bad\udc80name")
        case "invalid":
            CountAnswer.model_validate({"counted": "not a number"})
    raise getattr(errors, arguments.how)("it went wrong", details={"file": "f1", "none": None})


TOYS = (
    ToolSpec(
        name="count",
        title="Count",
        description="Count up to a number and say so. Changes nothing at all.",
        arguments=CountArguments,
        answer=CountAnswer,
        hints=READS,
        run=count,
    ),
    ToolSpec(
        name="hold",
        title="Hold",
        description="Wait until it is let go, whatever happens meanwhile.",
        arguments=HoldArguments,
        answer=CountAnswer,
        hints=READS,
        run=hold,
    ),
    ToolSpec(
        name="drop",
        title="Drop",
        description="Fail in the way that is asked for; stands for a tool that writes.",
        arguments=DropArguments,
        answer=CountAnswer,
        hints=MOVES_FILES,
        run=drop,
    ),
)


def main() -> None:
    from autodedup.server.flags import FlagParser, add_settings, settings_from
    from autodedup.server.lifespan import serve

    parser = FlagParser(prog="toy_tools", description="A server of toys.")
    add_settings(parser)
    serve(Workbench(settings_from(parser.parse_args(sys.argv[1:]))), TOYS)


if __name__ == "__main__":
    main()
