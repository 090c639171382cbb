"""The `ingest` tool: bring the state up to date with the disk."""

from autodedup.engine.caller import Caller
from autodedup.engine.workbench import Workbench
from autodedup.schemas.ingest import IngestAnswer, IngestArguments
from autodedup.tools.spec import WRITES_STATE, ToolSpec


def run(bench: Workbench, arguments: IngestArguments, caller: Caller) -> IngestAnswer:
    """Ingest, or follow an ingest under way."""
    return bench.ingest(arguments, caller)


INGEST = ToolSpec(
    name="ingest",
    title="Ingest videos",
    description=(
        "Bring the state up to date with the disk: walk the library, hash, probe and sign new or "
        "changed videos. Reads files, changes none; unchanged files cost nothing. Call it first, "
        "and again after files changed. Long: if status is running, call again with the job id. "
        "One bad file never stops it; errors lists them by code."
    ),
    arguments=IngestArguments,
    answer=IngestAnswer,
    hints=WRITES_STATE,
    run=run,
)
