"""`autodedup apply`: a person looks at a plan, agrees, and exactly that plan is carried out."""

from collections.abc import Sequence

from autodedup.engine.errors import CancelledError
from autodedup.schemas.apply_plan import ApplyAnswer
from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.console.errand import Errand, RefusedError, command_line, run
from autodedup.server.console.outcome import outcome
from autodedup.server.console.plan_shown import plan_shown
from autodedup.server.wire import Envelope, failure

YES = frozenset({"y", "yes"})


def main(argv: Sequence[str]) -> int:
    """Show, ask, apply. With the digest of a plan reviewed before, no question is asked."""
    parser = command_line(
        "apply", "Carry out a plan. Shows it and asks first; undo puts everything back.", "PLAN"
    )
    parser.add_argument("plan", metavar="PLAN", help="the plan's id, such as p7")
    parser.add_argument(
        "--digest", metavar="TEXT", help="of the plan as it was reviewed: apply without asking"
    )
    parser.add_argument(
        "--on-error", metavar="continue|stop", default="continue", help="when an item fails"
    )
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    options = errand.options
    answer = errand.call(
        "apply_plan",
        {
            "plan": options.plan,
            "digest": options.digest or _reviewed(errand),
            "on_error": options.on_error,
        },
    )
    if not errand.screen.as_json:
        errand.screen.show(*outcome(ApplyAnswer.model_validate(answer.body)))
    return answer


def _reviewed(errand: Errand) -> str:
    """Show the plan and return the digest of what was shown, once the person has agreed to it.

    Raises:
        RefusedError: There is no such plan, or the person did not agree.
    """
    shown = errand.call("plan_actions", {"plan": errand.options.plan})
    plan = PlanAnswer.model_validate(shown.body)
    errand.screen.show(*plan_shown(plan))
    if not errand.screen.agrees("Apply this plan? [y/N]", to=YES):
        declined = CancelledError(
            f"{plan.plan} was not applied; nothing was changed.",
            hint=f"In a script, pass --digest {plan.digest} to apply what was reviewed.",
        )
        raise RefusedError(failure(declined))
    return plan.digest
