"""Every tool, as static values, in the order in which they are used."""

from autodedup.tools.apply_plan import APPLY_PLAN
from autodedup.tools.compare import COMPARE
from autodedup.tools.describe import SCHEMA
from autodedup.tools.find_duplicates import FIND_DUPLICATES
from autodedup.tools.ingest import INGEST
from autodedup.tools.plan_actions import PLAN_ACTIONS
from autodedup.tools.preflight import PREFLIGHT
from autodedup.tools.spec import AnyTool
from autodedup.tools.undo_plan import UNDO_PLAN

CATALOGUE: tuple[AnyTool, ...] = (
    PREFLIGHT,
    INGEST,
    FIND_DUPLICATES,
    COMPARE,
    PLAN_ACTIONS,
    APPLY_PLAN,
    UNDO_PLAN,
    SCHEMA,
)
