"""The `plan_actions` tool: groups become a plan to review; no library file is touched."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.plan_actions import PlanAnswer, PlanArguments
from autodedup.tools.spec import WRITES_STATE, ToolSpec


def run(bench: Workbench, arguments: PlanArguments, _caller: Caller) -> PlanAnswer:
    """Make a plan, or show a stored one."""
    return bench.plan_actions(arguments)


PLAN_ACTIONS = ToolSpec(
    name="plan_actions",
    title="Plan what to do",
    description=(
        "Turn groups of duplicates into a plan to review: which file is kept, which goes where, "
        "and why. Touches no library file. Show summary, risks and actions to the user, then "
        "pass plan and digest to apply_plan. Default: redundant exact, same_stream and near "
        "copies go to the trash (undo_plan brings them back); all else is kept."
    ),
    arguments=PlanArguments,
    answer=PlanAnswer,
    hints=WRITES_STATE,
    run=run,
)
