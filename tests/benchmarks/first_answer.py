"""How long a client waits for its first answer, beside a bare server of the same SDK.

    python tests/benchmarks/first_answer.py [--runs 15]

Starts a bare MCPServer and `autodedup serve` in turn, so that both see the same machine, sends
`initialize` and stops the clock at the answer. Prints medians and their ratio as JSON; exits with 1
if the ratio is over 1.3.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

LIMIT = 1.3
BARE = "from mcp.server.mcpserver import MCPServer; MCPServer('bare').run()"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "stopwatch", "version": "1"},
    },
}


def first_answer_s(command: list[str]) -> float:
    """Return the seconds from starting the process to its first line."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(HELLO).encode() + b"\n")
        child.stdin.flush()
        answer = json.loads(child.stdout.readline())
        taken = time.perf_counter() - started
        child.stdin.close()
    assert "serverInfo" in answer["result"]
    return taken


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    installed = shutil.which("autodedup")
    if installed is None:
        parser.error("the command autodedup is not installed")
    with tempfile.TemporaryDirectory() as library:
        commands = {
            "bare": [sys.executable, "-c", BARE],
            "autodedup": [installed, "serve", "--root", library],
        }
        for command in commands.values():
            first_answer_s(command)  # warms the disk cache and the byte code
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(first_answer_s(command))
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ratio = medians["autodedup"] / medians["bare"]
    report = {f"{name}_s": round(median, 3) for name, median in medians.items()}
    print(json.dumps({**report, "ratio": round(ratio, 3), "limit": LIMIT, "runs": runs}))
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
