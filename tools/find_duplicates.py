"""The `find_duplicates` tool: groups of files that show the same, with evidence."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindAnswer, FindArguments
from autodedup.tools.spec import READS, ToolSpec


def run(bench: Workbench, arguments: FindArguments, caller: Caller) -> FindAnswer:
    """Find groups, or turn a page of groups found before."""
    return bench.find_duplicates(arguments, caller)


FIND_DUPLICATES = ToolSpec(
    name="find_duplicates",
    title="Find duplicate videos",
    description=(
        "List groups of videos that show the same, best first, from what ingest stored; reads no "
        "video. Each group names the copy to keep, why, and for every other file how it relates "
        "to that copy with evidence. Pass the result id to plan_actions. like: is this one "
        "file a duplicate?"
    ),
    arguments=FindArguments,
    answer=FindAnswer,
    hints=READS,
    run=run,
)
