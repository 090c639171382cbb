"""The `compare` tool: one pair or one group in full, with a contact sheet to look at."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.compare import CompareAnswer, CompareArguments
from autodedup.tools.spec import READS, Illustrated, Picture, ToolSpec


def run(bench: Workbench, arguments: CompareArguments, caller: Caller) -> Illustrated:
    """Compare, and hand the sheet over beside the answer."""
    compared = bench.compare(arguments, caller)
    sheet = () if compared.sheet is None else (Picture("image/jpeg", compared.sheet),)
    return Illustrated(compared.answer, sheet)


COMPARE = ToolSpec(
    name="compare",
    title="Compare closely",
    description=(
        "Look closely at two files (a, b) or a group: how they relate, with evidence, measured "
        "on exactly aligned frames, and a contact sheet: a column a file, times printed, "
        "differing frames in red. Use it before planning where you doubt."
    ),
    arguments=CompareArguments,
    answer=CompareAnswer,
    hints=READS,
    run=run,
)
