"""An agent's loop over stdio: waits on jobs, follows hints, plans, and says what could be gained.

python agent.py /path/to/videos    # looks and plans; changes nothing
python agent.py                    # on films of its own: applies, undoes, checks that all is back
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

Body = dict[str, Any]
SMALL_LIBRARY = Path(__file__).parents[1] / "small_library.py"


class Agent:
    """Calls tools the way a model should: patiently, and reading what an error says."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, tool: str, **arguments: object) -> Body:
        """Return the finished answer, or the error, of a tool."""
        answer = await self._ask(tool, arguments)
        while answer.get("status") == "running":
            print(f"  {tool}: {answer.get('progress')}")
            answer = await self._ask(tool, {"job": answer["job"], "wait_s": 20})
        if answer["ok"]:
            return answer
        error = answer["error"]
        print(f"  {tool}: {error['code']}: {error['message']}\n    → {error['hint']}")
        if error["retryable"]:
            await anyio.sleep((error.get("details") or {}).get("retry_after_s", 1))
            return await self.call(tool, **arguments)
        return answer

    async def _ask(self, tool: str, arguments: Body) -> Body:
        return (await self._client.call_tool(tool, arguments)).structured_content or {}


async def look_and_plan(agent: Agent) -> Body:
    """Return the plan for all that was found."""
    health = await agent.call("preflight")
    assert health["ready"], [check for check in health["checks"] if check["status"] == "fail"]
    # Asked too early, the tool says what to do first; doing just that is all it takes.
    found = await agent.call("find_duplicates")
    if not found["ok"] and found["error"]["code"] == "NOT_INGESTED":
        await agent.call("ingest", wait_s=5)
        found = await agent.call("find_duplicates")
    totals = found["totals"]
    print(f"{totals['redundant_files']} redundant files in {totals['groups']} group(s)")
    plan = await agent.call("plan_actions", result=found["result"])
    print(f"{plan['plan']} would free {plan['bytes_freed']:,} bytes; nothing was changed")
    return plan


async def on_yours(folder: Path) -> None:
    async with Client(serving(folder)) as client:
        await look_and_plan(Agent(client))


async def to_the_end_and_back(folder: Path) -> None:
    """Do the whole job on the small library, and undo it."""
    async with Client(serving(folder)) as client:
        agent = Agent(client)
        plan = await look_and_plan(agent)
        assert plan["summary"]["trash"]["files"] == 2, plan["summary"]

        wrong = await agent.call("apply_plan", plan=plan["plan"], digest="0" * 32)
        assert wrong["error"]["code"] == "DIGEST_MISMATCH"

        done = await agent.call("apply_plan", plan=plan["plan"], digest=plan["digest"])
        assert (done["status"], done["done"]) == ("applied", 2), done

        undone = await agent.call("undo_plan", plan=plan["plan"])
        assert undone["status"] == "undone", undone


def on_its_own(folder: Path) -> None:
    """Make the small library, do the job on it, and check that every byte is back."""
    subprocess.run([sys.executable, SMALL_LIBRARY, folder], check=True)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    anyio.run(to_the_end_and_back, folder)
    assert before == {path: path.read_bytes() for path in before}
    print("✔ two copies were set aside and put back, byte for byte")


def serving(folder: Path) -> StdioServerParameters:
    return StdioServerParameters(command="autodedup", args=["serve", "--root", str(folder)])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        anyio.run(on_yours, Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as home:
            on_its_own(Path(home) / "library")
