"""Replay what agents do wrong, over real stdio, and see whether each answer lets the next be right.

    python tests/agent_trials.py [--patience-s 30]

Renders a library, makes every mistake of `agents/mistakes.py` through an agent that knows nothing
but what the errors say, then behaves as impatient hosts do. Prints one JSON line a trial; exits
with 1 if a mistake was not got over or a behaviour did harm. Takes a few minutes.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from agents.behaviours import BEHAVIOURS, fresh, gives_up, serving
from agents.learner import Learner
from agents.mistakes import MADE_UP_IDS, TOO_EARLY, UNKNOWN_NAMES, WRONG_TYPES, Call

from autodedup.engine.footage.library import render_demo_library


def main() -> int:
    """Run every trial."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--patience-s", type=float, default=30, help="before the agent gives up")
    patience_s = parser.parse_args().patience_s
    with tempfile.TemporaryDirectory() as home:
        rendered = Path(home) / "rendered"
        render_demo_library(rendered)
        failures = _mistakes(fresh(rendered, Path(home)))
        for name, behave in {**BEHAVIOURS, "gives up": lambda at: gives_up(at, patience_s)}.items():
            failures += _behaviour(name, behave, fresh(rendered, Path(home)))
    print(json.dumps({"failures": failures}))
    return 1 if failures else 0


def _mistakes(library: Path) -> int:
    every: tuple[Call, ...] = (*TOO_EARLY, *WRONG_TYPES, *UNKNOWN_NAMES, *MADE_UP_IDS)
    failures = 0
    with serving(library) as client:
        for tool, arguments in every:
            lesson = Learner(client).attempt(tool, arguments)
            failures += not lesson.learnt
            print(
                json.dumps(
                    {
                        "mistake": [tool, arguments],
                        "codes": lesson.codes,
                        "then": lesson.calls[1:],
                        "learnt": lesson.learnt,
                    }
                )
            )
    return failures


def _behaviour(name: str, behave: object, library: Path) -> int:
    assert callable(behave)
    started, problem = time.monotonic(), ""
    try:
        behave(library)
    except AssertionError as error:
        problem = str(error) or "an assertion failed"
    took = round(time.monotonic() - started, 1)
    print(json.dumps({"behaviour": name, "seconds": took, "problem": problem}))
    return bool(problem)


if __name__ == "__main__":
    sys.exit(main())
