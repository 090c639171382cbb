"""`autodedup undo`: put back what a plan moved."""

from collections.abc import Sequence

from autodedup.schemas.apply_plan import ApplyAnswer
from autodedup.server.console.errand import Errand, command_line, run
from autodedup.server.console.outcome import outcome
from autodedup.server.wire import Envelope


def main(argv: Sequence[str]) -> int:
    """Undo a plan and say what could not be put back."""
    parser = command_line(
        "undo", "Put back what a plan moved or linked. Overwrites nothing; safe to repeat.", "PLAN"
    )
    parser.add_argument("plan", metavar="PLAN", help="the plan's id, such as p7")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    answer = errand.call("undo_plan", {"plan": errand.options.plan})
    if not errand.screen.as_json:
        errand.screen.show(*outcome(ApplyAnswer.model_validate(answer.body)))
    return answer
