"""How much memory a server and its workers take at most while they ingest.

    python tests/benchmarks/ingest_memory.py [--clips 20] [--corpus DIR] [--one-by-one]

Makes a library of clips and of films with very large pictures (4K, 8K), or takes the videos below
DIR, starts `autodedup serve`, asks it over stdio to ingest, and reads the peak of resident memory
of the server and of every process below it from /proc (Linux) until the answer comes. With
`--one-by-one` every file is ingested by a server of its own, to see which one costs most. Prints
JSON; exits with 1 if the server took over 400 MiB or a worker over 300.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict

from large_films import LARGE, clips, make

MOST_SERVER_MIB, MOST_WORKER_MIB = 400, 300
LOOK_S = 0.02
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "scales", "version": "1"},
}


class Peak(TypedDict):
    """What was measured of one ingest."""

    server_mib: int
    worker_mib: int
    processed: int
    errors_by_code: dict[str, int]


class Peaks(threading.Thread):
    """Reads the peaks of one process and of all below it until it is stopped."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._stopped = threading.Event()
        self.mib: dict[int, float] = {}

    def run(self) -> None:
        """Look again and again."""
        while not self._stopped.wait(LOOK_S):
            for pid in [self._pid, *below(self._pid)]:
                self.mib[pid] = max(self.mib.get(pid, 0.0), peak_mib(pid))

    def stop(self) -> tuple[float, float]:
        """Return the peak of the server, and of the worker that took most."""
        self._stopped.set()
        self.join()
        workers = [mib for pid, mib in self.mib.items() if pid != self._pid]
        return self.mib[self._pid], max(workers, default=0.0)


def below(pid: int) -> list[int]:
    """Return the processes that one has started, and those that these have."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, task.read_text().split())
        except OSError:
            continue  # a thread that ended
    return found + [further for one in found for further in below(one)]


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has held, 0 once it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def ingested(root: Path, workers: int) -> Peak:
    """Have a server ingest a library and return the peaks."""
    installed = shutil.which("autodedup", path=str(Path(sys.executable).parent)) or "autodedup"
    command = [installed, "serve", "--root", str(root), "--workers", str(workers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        peaks = Peaks(server.pid)
        peaks.start()
        _asked(server, 1, "initialize", HELLO)
        _say(server, {"method": "notifications/initialized"})
        call = {"name": "ingest", "arguments": {"wait_s": 3600}}
        result = _asked(server, 2, "tools/call", call)
        server_mib, worker_mib = peaks.stop()
        assert server.stdin is not None
        server.stdin.close()
    answer = result["structuredContent"]
    return {
        "server_mib": round(server_mib),
        "worker_mib": round(worker_mib),
        "processed": answer["processed"],
        "errors_by_code": answer["errors_by_code"],
    }


def _asked(
    server: "subprocess.Popen[bytes]", number: int, method: str, params: object
) -> dict[str, Any]:
    _say(server, {"id": number, "method": method, "params": params})
    assert server.stdout is not None
    for line in server.stdout:
        answer = json.loads(line)
        if answer.get("id") == number:
            result: dict[str, Any] = answer["result"]
            return result
    raise SystemExit("the server ended without an answer")


def _say(server: "subprocess.Popen[bytes]", message: dict[str, object]) -> None:
    assert server.stdin is not None
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
    server.stdin.flush()


def _copies(folder: Path, home: Path) -> Iterable[Path]:
    """Yield libraries of one file each."""
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        root = home / f"only {path.name}"
        root.mkdir()
        shutil.copyfile(path, root / path.name)
        yield root


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one-by-one", action="store_true")
    options = parser.parse_args()
    report: dict[str, Peak] = {}
    with tempfile.TemporaryDirectory() as home:
        library = Path(home) / "library"
        if options.corpus is None:
            make(library, (*LARGE, *clips(options.clips)))
        else:
            shutil.copytree(options.corpus, library)
        if options.one_by_one:
            for root in _copies(library, Path(home)):
                report[root.name] = ingested(root, 1)
                print(json.dumps({root.name: report[root.name]}), file=sys.stderr, flush=True)
        else:
            report["library"] = ingested(library, options.workers)
    server = max(one["server_mib"] for one in report.values())
    worker = max(one["worker_mib"] for one in report.values())
    kept = server <= MOST_SERVER_MIB and worker <= MOST_WORKER_MIB
    limits = {"server_mib": MOST_SERVER_MIB, "worker_mib": MOST_WORKER_MIB}
    print(json.dumps({**report, "limits": limits, "within_limits": kept}))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
