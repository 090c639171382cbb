"""The server as a process: eras, lines that are no messages, stray prints, and how it ends."""

import json
import subprocess
from pathlib import Path

import pytest
from server.raw_client import INITIALIZE, META, TOYS, RawClient


def serving(tmp_path: Path, *flags: str) -> RawClient:
    return RawClient([*TOYS, "--root", str(tmp_path), *flags])


@pytest.mark.parametrize("era", ["tolerant", "auto", "legacy"])
def test_a_client_that_opens_with_initialize_is_served_in_every_era(
    tmp_path: Path, era: str
) -> None:
    with serving(tmp_path, "--mcp-era", era) as client:
        hello = client.initialize()
        assert hello["result"]["serverInfo"]["name"] == "autodedup"
        assert "No file is touched before apply_plan" in hello["result"]["instructions"]
        assert client.call("count", {})["result"]["structuredContent"]["counted"] == 3
        assert client.leave() < 1


@pytest.mark.parametrize("era", ["tolerant", "auto"])
def test_a_client_that_discovers_and_stays_modern_is_served(tmp_path: Path, era: str) -> None:
    with serving(tmp_path, "--mcp-era", era) as client:
        found = client.ask_modern("server/discover", {})
        assert found["result"]["supportedVersions"] == ["2026-07-28"]
        answer = client.ask_modern("tools/call", {"name": "count", "arguments": {}})
        assert answer["result"]["structuredContent"]["ok"] is True
        assert client.ask_modern("server/discover", {})["result"]["resultType"] == "complete"


def test_a_client_that_discovers_and_falls_back_to_initialize_is_served(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        assert "result" in client.ask_modern("server/discover", {})
        assert "result" in client.ask_modern("server/discover", {})
        assert client.initialize()["result"]["protocolVersion"] == "2025-11-25"
        assert client.call("count", {})["result"]["structuredContent"]["counted"] == 3


def test_without_tolerance_the_fallback_is_refused_as_the_sdk_does(tmp_path: Path) -> None:
    with serving(tmp_path, "--mcp-era", "auto") as client:
        client.ask_modern("server/discover", {})
        assert client.ask("initialize", INITIALIZE)["error"]["code"] == -32022


def test_the_legacy_era_refuses_to_be_discovered_and_still_shakes_hands(tmp_path: Path) -> None:
    with serving(tmp_path, "--mcp-era", "legacy") as client:
        assert "error" in client.ask_modern("server/discover", {})
        assert "result" in client.initialize()


def test_a_probe_for_an_unknown_revision_is_told_which_are_spoken(tmp_path: Path) -> None:
    future = {**META, "io.modelcontextprotocol/protocolVersion": "2099-01-01"}
    with serving(tmp_path) as client:
        refused = client.ask("server/discover", {"_meta": future})
        assert refused["error"]["data"]["supported"] == ["2026-07-28"]
        assert "result" in client.initialize()


def test_junk_and_notifications_before_the_first_request_do_no_harm(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        client.write(b"this is not JSON")
        client.write(b"[1, 2, 3]")
        client.write(b"\xff\xfe\x00")
        client.send({"method": "notifications/initialized"})
        client.send({"method": "notifications/cancelled", "params": {"requestId": 99}})
        assert "result" in client.ask_modern("server/discover", {})
        client.write(b"")
        assert "result" in client.initialize()


def test_a_request_that_cannot_be_read_is_refused_rather_than_left_waiting(tmp_path: Path) -> None:
    lone_surrogate = b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"\\ud800"}}'
    with serving(tmp_path) as client:
        client.initialize()
        client.write(lone_surrogate)
        assert client.answer_to(7)["error"]["code"] == -32700
        client.write(b'{"jsonrpc":"1.0","id":"a","method":"ping"}')
        assert client.answer_to("a")["error"]["code"] == -32600
        assert client.ask("ping", {})["result"] == {}


def test_stray_prints_miss_the_wire_and_the_server_ends_in_mid_call(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        client.initialize()
        client.start("tools/call", {"name": "hold", "arguments": {}, "_meta": {"progressToken": 1}})
        note = client.lines.get(timeout=30)  # its progress: the call is under way
        assert note is not None
        assert note["method"] == "notifications/progress"
        assert client.ask("ping", {})["result"] == {}
        assert client.leave() < 1
    assert client.child.returncode == 0
    assert client.junk == []
    assert b"a stray print from a library" in client.stderr
    assert b"Traceback" not in client.stderr


def test_a_client_that_stops_reading_first_ends_the_server_quietly(tmp_path: Path) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE}
    with subprocess.Popen(
        [*TOYS, "--root", str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        child.stdin.write(json.dumps(hello).encode() + b"\n")
        child.stdin.flush()
        told = child.stderr.read()
        assert child.wait(30) == 0
    assert b"Traceback" not in told


def test_the_text_is_the_body_to_the_byte(tmp_path: Path) -> None:
    with serving(tmp_path) as client:
        client.initialize()
        result = client.call("count", {"kind": "fancy", "names": ["x"]})["result"]
        body = result["structuredContent"]
        assert body["note"] == "ünïcödé ☃"
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
        assert [block["text"] for block in result["content"]] == [text]


def test_an_incident_reaches_stderr_with_its_traceback_and_the_client_only_by_number(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as client:
        client.initialize()
        error = client.call("drop", {"how": "bug"})["result"]["structuredContent"]["error"]
        client.leave()
    assert error["code"] == "INTERNAL"
    assert error["details"]["incident"] in error["message"]
    assert "secret" not in json.dumps(error)
    assert error["details"]["incident"].encode() in client.stderr
    assert b"OSError" in client.stderr
