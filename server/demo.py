"""`autodedup demo`: the whole job on a library made on the spot, and proof that all is back."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import anyio
from pydantic import JsonValue

from autodedup.engine.footage.library import Made, render_demo_library
from autodedup.server.demo_proof import changes, judge_groups, snapshot
from autodedup.server.demo_screen import Screen
from autodedup.server.demo_walk import CallFailedError, Story, walk


def run_demo(argv: Sequence[str]) -> int:
    """Make a library, walk through the job as an agent would, and return the exit status.

    0: every expected duplicate was found, nothing else was taken for one, and after the undo
    every file has its name, bytes and time again. 1: not so, and the last lines say what.
    """
    parser = argparse.ArgumentParser(prog="autodedup demo", description=__doc__)
    parser.add_argument("--keep", metavar="DIR", type=Path, help="make the library here, keep it")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    options = parser.parse_args(argv)
    keep: Path | None = options.keep
    if keep is not None and keep.exists() and any(keep.iterdir()):
        print(f"{keep} is not empty; the demo was not started. Name a new folder.", file=sys.stderr)
        return 1
    home = tempfile.TemporaryDirectory(prefix="autodedup-demo-") if keep is None else None
    with home or nullcontext(str(keep)) as folder:
        return _demonstrate(Path(folder), Screen(quiet=options.json))


def _demonstrate(folder: Path, screen: Screen) -> int:
    started = time.perf_counter()
    screen.title("A small library, rendered and encoded here")
    made = render_demo_library(folder)
    screen.library(folder, made)
    before = snapshot(folder)
    rendered = time.perf_counter() - started
    try:
        story = anyio.run(walk, folder, before.keys(), screen)
    except CallFailedError as error:
        screen.failed(str(error))
        return 1
    problems = _problems(folder, made, before, story)
    seconds = {"rendering": round(rendered, 1), "total": round(time.perf_counter() - started, 1)}
    screen.verdict(len(before), story.moved, problems, seconds["total"])
    if screen.quiet:
        print(json.dumps(_report(made, story, problems, seconds)))
    return 1 if problems else 0


def _problems(
    folder: Path, made: list[Made], before: dict[str, tuple[str, int]], story: Story
) -> list[str]:
    problems = judge_groups(made, story.groups)
    if not story.moved:
        problems.append("the plan moved no file, so undoing it proves nothing")
    return problems + changes(before, snapshot(folder))


def _report(
    made: list[Made], story: Story, problems: list[str], seconds: dict[str, float]
) -> dict[str, JsonValue]:
    return {
        "ok": not problems,
        "problems": [*problems],
        "files": {file.path: file.what for file in made},
        "seconds": {**seconds},
        "calls": [
            {"tool": call.tool, "arguments": call.arguments, "answer": call.answer}
            for call in story.calls
        ],
    }
