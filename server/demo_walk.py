"""The demo's agent: a real MCP client that starts the installed server and does the whole job."""

import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mcp import Client, MCPError, StdioServerParameters
from pydantic import JsonValue

from autodedup.schemas.find_duplicates import FindAnswer, Group
from autodedup.schemas.plan_actions import PlanAnswer
from autodedup.server.demo_screen import Screen

Json: TypeAlias = dict[str, JsonValue]

_WAIT = {"wait_s": 300}


class CallFailedError(Exception):
    """A tool answered with an error, or not within its time."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call and its answer, as they went over the wire."""

    tool: str
    arguments: Json
    answer: Json


@dataclass(frozen=True, slots=True)
class Story:
    """What came of the walk: every call, the groups found, how many files were moved."""

    calls: tuple[Call, ...]
    groups: tuple[Group, ...]
    moved: int


async def walk(root: Path, names: Collection[str], screen: Screen) -> Story:
    """Do the whole job on the library at `root`, whose files are `names`, from preflight to undo.

    Raises:
        CallFailedError: A call failed, or the server ended; nothing further was asked.
    """
    try:
        return await _do_the_job(root, names, screen)
    except (CallFailedError, MCPError, ExceptionGroup) as error:
        told = _first_cause(error)  # the client's task groups wrap what is raised inside them
        if isinstance(told, (CallFailedError, MCPError)):
            raise CallFailedError(f"the walk ended early: {told}") from error
        raise


async def _do_the_job(root: Path, names: Collection[str], screen: Screen) -> Story:
    # -P keeps a folder named like one of our modules in the working directory from being run.
    arguments = ["-P", "-m", "autodedup.server", "serve", "--root", str(root)]
    async with Client(StdioServerParameters(command=sys.executable, args=arguments)) as client:
        agent = _Agent(client, screen)
        await agent.call("preflight", {})
        await agent.call("ingest", {**_WAIT})
        found = FindAnswer.model_validate(await agent.call("find_duplicates", {**_WAIT}))
        policy: Json = {"broken": "quarantine"}
        asked: Json = {"policy": policy}
        if found.result is not None:
            asked["result"] = found.result
        plan = PlanAnswer.model_validate(await agent.call("plan_actions", asked))
        reviewed: Json = {"plan": plan.plan, "digest": plan.digest}
        await agent.call("apply_plan", {**reviewed, **_WAIT})
        moved = sum(not (root / name).exists() for name in names)
        screen.moved(root)
        await agent.call("undo_plan", {"plan": plan.plan, **_WAIT})
    return Story(tuple(agent.calls), found.groups, moved)


def _first_cause(error: Exception) -> Exception:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


class _Agent:
    """Calls tools, shows what it sees, and remembers it."""

    def __init__(self, client: Client, screen: Screen) -> None:
        self._client = client
        self._screen = screen
        self.calls: list[Call] = []

    async def call(self, tool: str, arguments: Json) -> Json:
        """Return the answer of one call.

        Raises:
            CallFailedError: The tool answered with an error, or is still at work.
        """
        self._screen.asked(tool, arguments)
        result = await self._client.call_tool(tool, arguments)
        answer: Json = result.structured_content or {}
        self.calls.append(Call(tool, arguments, answer))
        self._screen.answered(tool, answer)
        if result.is_error or answer.get("status") == "running":
            raise CallFailedError(f"{tool} did not do its work: {answer}")
        return answer
