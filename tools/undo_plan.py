"""The `undo_plan` tool: put back what a plan moved."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.apply_plan import ApplyAnswer, UndoArguments
from autodedup.tools.spec import PUTS_FILES_BACK, ToolSpec


def run(bench: Workbench, arguments: UndoArguments, caller: Caller) -> ApplyAnswer:
    """Undo a plan, or follow an undo under way."""
    return bench.undo_plan(arguments, caller)


UNDO_PLAN = ToolSpec(
    name="undo_plan",
    title="Undo a plan",
    description=(
        "Put back everything an applied plan moved or linked: names, places and times. Refuses "
        "to overwrite what has come since and names what cannot be undone. Safe to call again."
    ),
    arguments=UndoArguments,
    answer=ApplyAnswer,
    hints=PUTS_FILES_BACK,
    run=run,
)
