"""An agent's loop in small: look, find, plan, show the plan, and apply only what was agreed to.

    python agent.py /path/to/videos          # asks before it applies
    python agent.py /path/to/videos --yes    # for a script that has decided beforehand

It starts the installed server over stdio, as any MCP host does.
"""

import argparse
import sys

import anyio
import anyio.to_thread
from mcp import Client, StdioServerParameters


class ToolFailedError(Exception):
    """A tool answered with an error."""


async def tidy(folder: str, *, agreed: bool) -> int:
    """Walk through the job on one folder and return the exit status."""
    server = StdioServerParameters(command="autodedup", args=["serve", "--root", folder])
    async with Client(server) as client:

        async def call(tool: str, **arguments: object) -> dict:
            """Call a tool and wait until its work is done, however long that takes."""
            answer = (await client.call_tool(tool, arguments)).structured_content
            while answer.get("status") == "running":
                print(f"  {tool}: {answer.get('progress')}")
                answer = (await client.call_tool(tool, {"job": answer["job"]})).structured_content
            if not answer["ok"]:
                # Every error says what to do next; an agent follows `hint` or tells its user.
                error = answer["error"]
                raise ToolFailedError(f"{error['code']}: {error['message']} {error['hint']}")
            return answer

        health = await call("preflight")
        if not health["ready"]:
            failing = [check for check in health["checks"] if check["status"] == "fail"]
            print(*(f"{check['detail']} {check.get('fix', '')}" for check in failing), sep="\n")
            return 1

        await call("ingest")
        found = await call("find_duplicates")
        print(f"{found['totals']['redundant_files']} redundant files")
        if not found["groups"]:
            return 0

        plan = await call("plan_actions", result=found["result"])
        for action in plan["actions"]:
            print(f"  {action['action']:<8} {action['path']}  ({action['because']})")
        if not agreed:
            reply = await anyio.to_thread.run_sync(input, "Apply this plan? [y/N] ")
            if reply.strip().lower() != "y":
                print("Nothing was changed.")
                return 0

        # The digest binds what is done to what was shown: a changed plan is refused.
        done = await call("apply_plan", plan=plan["plan"], digest=plan["digest"])
        print(f"{done['done']} files moved to the trash, {done['bytes_freed']} bytes freed")
        print(f'To put them back: undo_plan {{"plan": "{plan["plan"]}"}}')
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--yes", action="store_true", help="apply without asking")
    given = parser.parse_args()
    status = 1
    try:
        status = anyio.run(lambda: tidy(given.folder, agreed=given.yes))
    except* ToolFailedError as failed:  # the client's task groups wrap what is raised in them
        print(*failed.exceptions, sep="\n", file=sys.stderr)
    sys.exit(status)
