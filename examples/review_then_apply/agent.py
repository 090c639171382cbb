"""A person sees the plan and answers; only what was agreed to is applied.

python agent.py /path/to/videos    # asks you before it applies
python agent.py                    # on films of its own: says no, then yes, and checks both
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from mcp import Client, StdioServerParameters
from mcp_types import ElicitRequestParams, ElicitResult

Body = dict[str, Any]
Answer = Callable[[str], bool]
SMALL_LIBRARY = Path(__file__).parents[1] / "small_library.py"


async def tidy(folder: Path, agrees: Answer) -> Body:
    """Find, plan and apply what the person agrees to; return the last answer."""

    async def asked(_context: object, question: ElicitRequestParams) -> ElicitResult:
        """Put the server's question to the person; it shows the plan's sums and its digest."""
        said = await anyio.to_thread.run_sync(agrees, question.message)
        return ElicitResult(action="accept", content={"apply": said})

    arguments = ["serve", "--require-approval", "--root", str(folder)]
    server = StdioServerParameters(command="autodedup", args=arguments)
    async with Client(server, elicitation_callback=asked) as client:

        async def call(tool: str, **arguments: object) -> Body:
            """Call a tool and wait until its work is done, however long that takes."""
            answer = (await client.call_tool(tool, arguments)).structured_content or {}
            while answer.get("status") == "running":
                waited = await client.call_tool(tool, {"job": answer["job"]})
                answer = waited.structured_content or {}
            return answer

        await call("ingest")
        found = await call("find_duplicates")
        if not found.get("groups"):
            return found
        plan = await call("plan_actions", result=found["result"])
        for action in plan["actions"]:
            print(f"  {action['action']:<8} {action['path']}  ({action['because']})")
        done = await call("apply_plan", plan=plan["plan"], digest=plan["digest"])
    if not done["ok"]:
        print(f"Nothing was changed: {done['error']['message']} {done['error']['hint']}")
    elif "done" in done:
        print(f"{done['done']} files moved to the trash; to put them back: undo {done['plan']}")
    return done


def at_the_keyboard(question: str) -> bool:
    return input(f"{question}\n[y/N] ").strip().lower() == "y"


def on_its_own(folder: Path) -> None:
    """Say no, and see that nothing is gone; say yes, and see that only copies are."""
    subprocess.run([sys.executable, SMALL_LIBRARY, folder], check=True)
    names = {path.name for path in folder.iterdir()}
    shown: list[str] = []

    refused = anyio.run(tidy, folder, lambda _question: False)
    assert refused["error"]["code"] == "APPROVAL_REQUIRED", refused
    assert names == films(folder)

    done = anyio.run(tidy, folder, lambda question: not shown.append(question))
    assert (done["status"], done["done"]) == ("applied", 2), done
    assert "trash: 2 files" in shown[0]
    assert len(names - films(folder)) == 2
    assert "other.mp4" in films(folder)
    print("✔ a no changed nothing, a yes set two copies aside")


def films(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


if __name__ == "__main__":
    if len(sys.argv) > 1:
        answer = anyio.run(tidy, Path(sys.argv[1]), at_the_keyboard)
        sys.exit(0 if answer["ok"] else 1)
    with tempfile.TemporaryDirectory() as home:
        on_its_own(Path(home) / "library")
