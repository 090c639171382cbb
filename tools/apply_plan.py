"""The `apply_plan` tool: carry out exactly the plan that was reviewed."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.apply_plan import ApplyAnswer, ApplyArguments
from autodedup.tools.spec import MOVES_FILES, ToolSpec


def run(bench: Workbench, arguments: ApplyArguments, caller: Caller) -> ApplyAnswer:
    """Apply a plan, or follow an apply under way."""
    return bench.apply_plan(arguments, caller)


APPLY_PLAN = ToolSpec(
    name="apply_plan",
    title="Apply a reviewed plan",
    description=(
        "Carry out a reviewed plan, bound to it by its digest. Moves files into the trash or "
        "where the plan says; undo_plan puts them back. Each file and its keeper are checked "
        "again just before; one that changed is left alone, with a code. Applying twice does "
        "nothing the second time."
    ),
    arguments=ApplyArguments,
    answer=ApplyAnswer,
    hints=MOVES_FILES,
    run=run,
)
