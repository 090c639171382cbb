"""The `preflight` tool: can the job be done here, and what would stop it."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.preflight import PreflightAnswer, PreflightArguments
from autodedup.tools.spec import READS, ToolSpec


def run(bench: Workbench, arguments: PreflightArguments, _caller: Caller) -> PreflightAnswer:
    """Run every check."""
    return bench.preflight(arguments)


PREFLIGHT = ToolSpec(
    name="preflight",
    title="Check before starting",
    description=(
        "Check whether videos can be compared and plans applied here: folders, database, disk "
        "space, decoders, models, unfinished work. Reads only. ready false is an answer, not an "
        "error: each failing check says how to mend it."
    ),
    arguments=PreflightArguments,
    answer=PreflightAnswer,
    hints=READS,
    run=run,
)
