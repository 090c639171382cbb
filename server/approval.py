"""Asking the person at the client, in mid-call, whether a plan may be applied.

For servers with --require-approval. The question shows the plan's summary and is bound to its
digest. Whatever is not a plain yes, be it a refusal, a client that cannot ask, or an answer that
makes no sense, leaves the call at APPROVAL_REQUIRED; `autodedup approve` is the way that needs no
client.
"""

import logging
from typing import Annotated, Any, TypeAlias

import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import AcceptedElicitation, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.tools import Tool
from mcp.shared.exceptions import MCPError
from mcp_types import InputRequiredResult
from pydantic import BaseModel, Field

from autodedup.engine.errors import AutoDedupError
from autodedup.engine.workbench import Workbench
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.server.summary import summary

logger = logging.getLogger(__name__)

State: TypeAlias = dict[str, Any]  # what the SDK keeps for a server without a lifespan of its own
CallContext: TypeAlias = Context[State, Any]


class Agreement(BaseModel):
    """What the person is asked to fill in."""

    apply: bool = Field(description="Carry out exactly this plan.")


async def approved_by_person(
    bench: Workbench, plan: str, digest: str, context: CallContext
) -> bool | InputRequiredResult:
    """Ask, and record a yes; the bench refuses to record one for any other digest.

    A client of 2026 is asked by the answer that is returned, and makes the same call again.
    """
    try:
        said = await _question(bench).run({"plan": plan}, context)
        if isinstance(said, InputRequiredResult):
            return said
        if said is True:
            await anyio.to_thread.run_sync(bench.approve, plan, digest)
    except (MCPError, ToolError, AutoDedupError) as error:
        logger.warning("plan %s was not approved at the client: %s", plan, error)
        return False
    return said is True


def _question(bench: Workbench) -> Tool:
    """Return the question as the SDK wants it: a tool with one argument that a person fills.

    `ctx.elicit` would be simpler but cannot ask on a 2026-07-28 connection; a resolver asks in
    both eras, and the SDK seals what passes through the client in between.
    """

    def ask(plan: str) -> Elicit[Agreement]:
        shown = bench.plan_actions(PlanArguments(plan=plan, limit=1))
        return Elicit(f"Apply this plan?\n{summary(shown)}", Agreement)

    def answer(
        plan: str,  # noqa: ARG001  # taken by `ask`, by name
        said: Annotated[ElicitationResult[Agreement], Resolve(ask)],
    ) -> bool:
        return isinstance(said, AcceptedElicitation) and said.data.apply

    return Tool.from_function(answer, name="apply_plan", structured_output=False)
