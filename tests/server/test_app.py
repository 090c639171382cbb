"""The server as a client library sees it, in both protocol eras, in memory."""

import json
from collections.abc import Iterator

import anyio
import pytest
from jsonschema import Draft202012Validator
from mcp import Client, MCPError
from server import toy_tools

from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.jobs import Progress
from autodedup.server.app import CALLS_AT_ONCE, build_server
from autodedup.server.progress import EVERY_S, Rising

pytestmark = pytest.mark.anyio

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


@pytest.fixture(autouse=True)
def held_calls_end() -> Iterator[None]:
    for event in (toy_tools.LET_GO, toy_tools.STARTED, toy_tools.LEFT):
        event.clear()
    yield
    toy_tools.LET_GO.set()


@both_eras
async def test_every_tool_is_listed_with_strict_schemas_and_all_four_hints(
    bench: Workbench, mode: str
) -> None:
    async with Client(build_server(bench, toy_tools.TOYS), mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert list(tools) == ["count", "hold", "drop"]
    for tool in tools.values():
        Draft202012Validator.check_schema(tool.input_schema)
        assert tool.output_schema is not None
        Draft202012Validator.check_schema(tool.output_schema)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations is not None
        assert None not in {
            tool.annotations.read_only_hint,
            tool.annotations.destructive_hint,
            tool.annotations.idempotent_hint,
            tool.annotations.open_world_hint,
        }
    assert tools["drop"].annotations is not None
    assert tools["drop"].annotations.destructive_hint


async def test_a_schema_keeps_what_a_caller_needs_and_drops_the_rest(bench: Workbench) -> None:
    async with Client(build_server(bench, toy_tools.TOYS)) as client:
        schema = (await client.list_tools()).tools[0].input_schema
    properties = schema["properties"]
    assert properties["up_to"] == {
        "type": "integer",
        "description": "How far.",
        "default": 3,
        "minimum": 1,
        "maximum": 1000,
        "examples": [5],
    }
    assert properties["title"] == {
        "type": "string",
        "description": "A name that is also a keyword.",
    }
    assert properties["policy"]["properties"]["near"]["enum"] == ["trash", "keep"]
    for noise in ("null", "$defs", "$ref", '"title": "', "anyOf"):
        assert noise not in json.dumps(schema)


@both_eras
async def test_success_and_failure_carry_one_json_twice(bench: Workbench, mode: str) -> None:
    async with Client(build_server(bench, toy_tools.TOYS), mode=mode) as client:
        good = await client.call_tool("count", {"up_to": 2})
        bad = await client.call_tool("count", {"upto": 2})
    assert not good.is_error
    assert bad.is_error
    for result in (good, bad):
        (block,) = result.content
        assert block.type == "text"
        assert json.loads(block.text) == result.structured_content
    assert bad.structured_content is not None
    assert bad.structured_content["error"]["code"] == "INVALID_ARGUMENT"


@both_eras
async def test_an_unknown_tool_is_a_protocol_error(bench: Workbench, mode: str) -> None:
    async with Client(build_server(bench, toy_tools.TOYS), mode=mode) as client:
        with pytest.raises(MCPError) as raised:
            await client.call_tool("no_such_tool", {})
    assert raised.value.code == -32602


async def test_read_only_takes_the_tool_off_the_list_and_says_why(bench: Workbench) -> None:
    closed = Workbench(Settings(root=bench.settings.root, read_only=True, allow_delete=True))
    async with Client(build_server(closed, toy_tools.TOYS)) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        result = await client.call_tool("drop", {"how": "bug"})
    assert names == ["count", "hold"]
    assert result.structured_content is not None
    assert result.structured_content["error"]["code"] == "READ_ONLY"


@both_eras
async def test_other_calls_are_answered_while_one_waits(bench: Workbench, mode: str) -> None:
    async with (
        Client(build_server(bench, toy_tools.TOYS), mode=mode) as client,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(client.call_tool, "hold", {})
        with anyio.fail_after(20):
            assert await anyio.to_thread.run_sync(toy_tools.STARTED.wait, 20)
            result = await client.call_tool("count", {})
        assert not result.is_error
        toy_tools.LET_GO.set()


async def test_waiting_calls_never_use_up_the_threads_that_read_the_wire(bench: Workbench) -> None:
    server = build_server(bench, toy_tools.TOYS)
    async with Client(server) as client, anyio.create_task_group() as tasks:
        for _ in range(CALLS_AT_ONCE + 20):
            tasks.start_soon(client.call_tool, "hold", {})
        with anyio.fail_after(20):
            assert await anyio.to_thread.run_sync(toy_tools.STARTED.wait, 20)
            limiter = anyio.to_thread.current_default_thread_limiter()
            assert limiter.borrowed_tokens == 0
        toy_tools.LET_GO.set()


@both_eras
async def test_a_cancelled_call_stops_waiting_and_the_tool_learns_of_it(
    bench: Workbench, mode: str
) -> None:
    async with Client(build_server(bench, toy_tools.TOYS), mode=mode) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "hold", {})
            with anyio.fail_after(20):
                assert await anyio.to_thread.run_sync(toy_tools.STARTED.wait, 20)
            tasks.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(toy_tools.LEFT.wait, 20)
        assert not (await client.call_tool("count", {})).is_error


@both_eras
async def test_progress_rises_ends_at_the_total_and_is_thinned(bench: Workbench, mode: str) -> None:
    told: list[tuple[float, float | None]] = []

    async def listen(done: float, total: float | None, message: str | None) -> None:
        told.append((done, total))

    async with Client(build_server(bench, toy_tools.TOYS), mode=mode) as client:
        started = anyio.current_time()
        await client.call_tool("count", {"up_to": 1000}, progress_callback=listen)
        lasted = anyio.current_time() - started
    assert told == sorted(set(told))
    assert 1 <= len(told) <= lasted / EVERY_S + 1


async def test_without_a_token_no_progress_is_sent(bench: Workbench) -> None:
    heard: list[object] = []

    async def hear(message: object) -> None:
        heard.append(message)

    server = build_server(bench, toy_tools.TOYS)
    async with Client(server, mode="legacy", message_handler=hear) as client:
        await client.call_tool("count", {"up_to": 1000})
    assert heard == []


def test_a_new_stage_goes_on_from_where_the_last_one_stood() -> None:
    rising = Rising()
    assert rising.take() is None
    steps = []
    for done, total, doing in [(4, 10, "a"), (10, 10, "a"), (0, 5, "b"), (3, 5, "b"), (3, 5, "b")]:
        rising.put(Progress(done=done, total=total, unit="files", doing=doing))
        if (step := rising.take()) is not None:
            steps.append((step.done, step.total, step.words))
    assert steps == [
        (4.0, 10.0, "a: 4 of 10 files"),
        (10.0, 10.0, "a: 10 of 10 files"),
        (13.0, 15.0, "b: 3 of 5 files"),
    ]
