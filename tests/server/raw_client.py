"""A client that writes and reads lines, without any SDK, so that a test sees the very bytes."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

MODERN = "2026-07-28"
META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
INITIALIZE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}
PATIENCE_S = 30.0
TOYS = [sys.executable, "-P", str(Path(__file__).parent / "toy_tools.py")]


class RawClient:
    """A child process serving MCP, and its lines."""

    def __init__(self, command: list[str]) -> None:
        environment = {name: v for name, v in os.environ.items() if "AUTODEDUP_" not in name}
        self.child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self.lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.notes: list[dict[str, Any]] = []
        self.junk: list[bytes] = []
        self.stderr = b""
        self.last_id = 0
        self.readers = [threading.Thread(target=self._read), threading.Thread(target=self._listen)]
        for reader in self.readers:
            reader.start()

    def _read(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            try:
                self.lines.put(json.loads(line))
            except ValueError:
                self.junk.append(line)
        self.lines.put(None)

    def _listen(self) -> None:
        assert self.child.stderr is not None
        self.stderr = self.child.stderr.read()

    def write(self, line: bytes) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(line + b"\n")
        self.child.stdin.flush()

    def send(self, message: dict[str, Any]) -> None:
        self.write(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def start(self, method: str, params: dict[str, Any]) -> int:
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        return self.last_id

    def answer_to(self, number: int | str) -> dict[str, Any]:
        while True:
            message = self.lines.get(timeout=PATIENCE_S)
            assert message is not None, f"the server ended: {self.stderr.decode()}"
            if message.get("id") == number:
                return message
            self.notes.append(message)

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return self.answer_to(self.start(method, params))

    def ask_modern(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        return self.ask(method, {**params, "_meta": META})

    def initialize(self) -> dict[str, Any]:
        answer = self.ask("initialize", INITIALIZE)
        self.send({"method": "notifications/initialized"})
        return answer

    def call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        return self.ask("tools/call", {"name": name, "arguments": arguments})

    def leave(self) -> float:
        """Close our end and return how many seconds the server took to be gone."""
        assert self.child.stdin is not None
        started = time.monotonic()
        self.child.stdin.close()
        self.child.wait(PATIENCE_S)
        return time.monotonic() - started

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        for reader in self.readers:
            reader.join()
        for pipe in (self.child.stdin, self.child.stdout, self.child.stderr):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
