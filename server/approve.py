"""`autodedup approve`: a person looks at a plan's summary and agrees to it, outside any client."""

from collections.abc import Sequence

from rich.text import Text

from autodedup.engine.errors import CancelledError
from autodedup.schemas.person import ApprovalAnswer
from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.console.errand import Errand, command_line, run
from autodedup.server.summary import summary
from autodedup.server.wire import Envelope, success

YES = frozenset({"y", "yes"})


def main(argv: Sequence[str]) -> int:
    """Show the plan, ask, and record the approval of exactly what was shown."""
    parser = command_line(
        "approve",
        "Look at a plan's summary and approve it, for servers with --require-approval.",
        "PLAN",
    )
    parser.add_argument("plan", metavar="PLAN", help="the plan's id, such as p7")
    return run(parser, argv, _work)


def _work(errand: Errand) -> Envelope:
    shown = errand.call("plan_actions", {"plan": errand.options.plan, "limit": 1})
    plan = PlanAnswer.model_validate(shown.body)
    errand.screen.show(
        Text(summary(plan)),
        Text("Nothing is done now; apply_plan may then carry out exactly this plan."),
    )
    if not errand.screen.agrees("Approve it? [y/N]", to=YES):
        raise CancelledError(
            f"{plan.plan} was not approved.", hint=f"autodedup plan {plan.plan} shows all of it."
        )
    errand.desk.bench.approve(plan.plan, plan.digest)
    if not errand.screen.as_json:
        errand.screen.show(Text(f"Approved: {plan.plan}, digest {plan.digest}."))
    return success(ApprovalAnswer(plan=plan.plan, digest=plan.digest))
