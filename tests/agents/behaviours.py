"""What impatient agents do: repeat a call, give up on it, cancel it, and work two at a time."""

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from server.raw_client import RawClient

Body = dict[str, Any]
QUICK = ["exact", "perceptual"]
A_LONG_TIME_S = 240.0


def serving(library: Path, *flags: str) -> RawClient:
    """Return a client of a server of its own on this library, hands shaken."""
    command = [sys.executable, "-P", "-m", "autodedup.server", "serve", "--root", str(library)]
    client = RawClient([*command, *flags])
    client.initialize()
    return client


def body(told: Body) -> Body:
    answer: Body = told["result"]["structuredContent"]
    return answer


def finished(client: RawClient, tool: str, arguments: Body) -> Body:
    """Call, and wait on the job for as long as it takes."""
    answer = body(client.call(tool, arguments))
    until = time.monotonic() + A_LONG_TIME_S
    while answer.get("status") == "running" and time.monotonic() < until:
        answer = body(client.call(tool, {"job": answer["job"], "wait_s": 10}))
    return answer


def repeats_itself(library: Path) -> None:
    """Every call made twice gives the same answer, and does its work once."""
    with serving(library) as client:
        first = finished(client, "ingest", {"tiers": QUICK})
        assert first["processed"] + first["failed"] == first["scan"]["seen"] > 0
        again = finished(client, "ingest", {"tiers": QUICK})
        assert again["scan"]["unchanged"] == again["scan"]["seen"]
        assert finished(client, "find_duplicates", {}) == finished(client, "find_duplicates", {})
        plan = finished(client, "plan_actions", {})
        assert finished(client, "plan_actions", {})["digest"] == plan["digest"]
        agreed = {"plan": plan["plan"], "digest": plan["digest"]}
        applied = finished(client, "apply_plan", agreed)
        twice = finished(client, "apply_plan", agreed)
        assert (applied["status"], applied["done"]) == (twice["status"], twice["done"])
        undone = finished(client, "undo_plan", {"plan": plan["plan"]})
        assert undone["status"] == finished(client, "undo_plan", {"plan": plan["plan"]})["status"]


def gives_up(library: Path, patience_s: float) -> None:
    """An agent that stops waiting and calls again goes on with the same work."""
    with serving(library) as client:
        number = client.start(
            "tools/call", {"name": "ingest", "arguments": {"tiers": QUICK, "wait_s": 3600}}
        )
        time.sleep(patience_s)  # its patience, and no means of being in step with the server
        client.send({"method": "notifications/cancelled", "params": {"requestId": number}})
        answer = finished(client, "ingest", {"tiers": QUICK})
        assert answer["status"] == "complete", answer
        assert answer["scan"]["seen"] > 0


def leaves_and_comes_back(library: Path) -> None:
    """A host that ends in mid-ingest and starts anew loses nothing that was finished."""
    with serving(library) as client:
        running = body(client.call("ingest", {"tiers": QUICK, "wait_s": 0}))
        assert running["status"] in {"running", "complete"}, running
        client.leave()
    with serving(library) as client:
        assert finished(client, "ingest", {"tiers": QUICK})["status"] == "complete"
        assert finished(client, "find_duplicates", {})["ok"]


def cancels(library: Path) -> None:
    """A cancelled job says so, and the same call goes on from there."""
    with serving(library) as client:
        running = body(client.call("ingest", {"tiers": QUICK, "wait_s": 0}))
        if running["status"] == "running":
            stopped = body(client.call("ingest", {"job": running["job"], "cancel": True}))
            assert stopped["status"] in {"cancelled", "complete"}, stopped
        assert finished(client, "ingest", {"tiers": QUICK})["status"] == "complete"


def works_two_at_a_time(library: Path) -> None:
    """Two hosts at one library: each is answered, or told to wait and then answered."""
    with serving(library) as one, serving(library) as other:
        for client in (one, other):
            client.start("tools/call", {"name": "ingest", "arguments": {"tiers": QUICK}})
        for client in (one, other):
            answer = body(client.answer_to(client.last_id))
            assert answer["ok"] or answer["error"]["retryable"], answer
        for client in (one, other):
            assert patient(client, "ingest", {"tiers": QUICK})["status"] == "complete"
        plan = patient(one, "find_duplicates", {}) and patient(one, "plan_actions", {})
        agreed = {"plan": plan["plan"], "digest": plan["digest"]}
        for client in (one, other):
            client.start("tools/call", {"name": "apply_plan", "arguments": agreed})
        answers = [body(client.answer_to(client.last_id)) for client in (one, other)]
        assert any(answer["ok"] for answer in answers), answers
        ends = [patient(client, "apply_plan", agreed) for client in (one, other)]
        assert ends[0]["done"] == ends[1]["done"] == plan["actions_total"], ends
        assert patient(other, "undo_plan", {"plan": plan["plan"]})["status"] == "undone"


def patient(client: RawClient, tool: str, arguments: Body) -> Body:
    """Call until it is neither running nor told to come back later."""
    until = time.monotonic() + A_LONG_TIME_S
    while True:
        answer = finished(client, tool, arguments)
        if answer["ok"] or not answer["error"]["retryable"] or time.monotonic() > until:
            return answer
        time.sleep(min(1.0, answer["error"].get("details", {}).get("retry_after_s", 0.2)))


BEHAVIOURS: dict[str, Callable[[Path], None]] = {
    "repeats itself": repeats_itself,
    "gives up": lambda library: gives_up(library, 0.3),
    "leaves and comes back": leaves_and_comes_back,
    "cancels": cancels,
    "works two at a time": works_two_at_a_time,
}


def fresh(rendered: Path, folder: Path) -> Path:
    """Return a copy of the films without a state."""
    library = folder / "library"
    if library.exists():
        shutil.rmtree(library)
    shutil.copytree(rendered, library, ignore=shutil.ignore_patterns(".autodedup"))
    return library
