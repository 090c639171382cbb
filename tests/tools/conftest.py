"""Calling the real tools as a client does, in memory, with every answer held to its schema."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from mcp import Client

from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.server.app import build_server
from autodedup.tools.catalogue import CATALOGUE

Body = dict[str, Any]
Call = Callable[..., Awaitable[Body]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def calling() -> Callable[..., Call]:
    """Return a caller of the tools of one server."""

    def of(*roots: Path, **settings: object) -> Call:
        bench = Workbench(Settings.model_validate({"root": roots, **settings}))

        async def call(tool: str, **arguments: object) -> Body:
            async with Client(build_server(bench, CATALOGUE)) as client:
                schemas = {t.name: t.output_schema for t in (await client.list_tools()).tools}
                answer = await client.call_tool(tool, arguments)
            body = answer.structured_content
            assert body is not None
            assert [block.text for block in answer.content if block.type == "text"] == [
                json.dumps(body, separators=(",", ":"), ensure_ascii=False)
            ]
            assert body["ok"] is not answer.is_error
            if tool in schemas:
                Draft202012Validator(schemas[tool]).validate(body)
            return body

        return call

    return of
