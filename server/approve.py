"""`autodedup approve`: a person looks at a plan's summary and agrees to it, outside any client."""

import sys
from collections.abc import Sequence

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.workbench import Workbench
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.server.flags import FlagParser, add_settings, settings_from
from autodedup.server.summary import summary

DECLINED = 1  # the exit status when the person says no: nothing was approved


def main(argv: Sequence[str]) -> int:
    """Show the plan, ask, and record the approval of exactly what was shown."""
    parser = FlagParser(
        prog="autodedup approve",
        description="Look at a plan's summary and approve it, for servers with --require-approval.",
        usage="PLAN",
    )
    parser.add_argument("plan", metavar="PLAN", help="the plan's id, such as p7")
    add_settings(parser)
    try:
        options = parser.parse_args(argv)
        bench = Workbench(settings_from(options))
        try:
            return _ask(bench, options.plan)
        finally:
            bench.close()
    except AutoDedupError as error:
        print(f"autodedup approve: {error.message} {error.hint}", file=sys.stderr)
        return error.fact().exit_code


def _ask(bench: Workbench, name: str) -> int:
    plan = bench.plan_actions(PlanArguments(plan=name, limit=1))
    print(summary(plan))
    print("Nothing is done now; apply_plan may then carry out exactly this plan.")
    # An end of input is no agreement, and neither is anything but a plain yes.
    print("Approve it? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        print("Not approved.")
        return DECLINED
    bench.approve(plan.plan, plan.digest)
    print(f"Approved: {plan.plan}, digest {plan.digest}.")
    return 0
