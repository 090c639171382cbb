"""Prompts and resources, in both protocol eras, with made-up names answered as what they are."""

import base64
import json
from pathlib import Path

import pytest
from mcp import Client, MCPError
from mcp_types import BlobResourceContents, TextResourceContents

from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.server.app import build_server
from autodedup.tools.catalogue import CATALOGUE

pytestmark = pytest.mark.anyio

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


def client(root: Path, mode: str = "auto") -> Client:
    return Client(build_server(Workbench(Settings(root=(root,))), CATALOGUE), mode=mode)


@both_eras
async def test_prompts_and_templates_are_listed_and_the_flags_say_so(
    tmp_path: Path, mode: str
) -> None:
    async with client(tmp_path, mode) as one:
        prompts = [prompt.name for prompt in (await one.list_prompts()).prompts]
        listed = await one.list_resource_templates()
        resources = (await one.list_resources()).resources
        can = one.server_capabilities
    assert prompts == ["clean_library", "review_plan"]
    assert [template.uri_template for template in listed.resource_templates] == [
        "autodedup://plan/{plan}",
        "autodedup://report/{plan}",
        "autodedup://group/{group}/sheet.jpg",
    ]
    assert resources == []
    assert can.prompts is not None
    assert can.resources is not None
    assert not (can.prompts.list_changed or can.resources.list_changed or can.resources.subscribe)


@both_eras
async def test_a_prompt_is_filled_in_and_names_every_step(tmp_path: Path, mode: str) -> None:
    async with client(tmp_path, mode) as one:
        clean = await one.get_prompt("clean_library", {"folder": 'holi"days'})
        review = await one.get_prompt("review_plan", {"plan": "p7"})
    steps = ("preflight", "ingest", "find_duplicates", "apply_plan")
    for answer, words in (
        (clean, (*steps, r'{"paths":["holi\"days"]}')),
        (review, ("p7", '{"plan":"p7"}', "compare", "exclude", "Do not apply")),
    ):  # fmt: skip
        (message,) = answer.messages
        assert message.content.type == "text"
        assert message.role == "user"
        assert all(word in message.content.text for word in words)


@both_eras
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("tidy", {}, "clean_library, review_plan"),
        ("review_plan", {}, '{"plan":"p7"}'),
        ("review_plan", {"plan": "p7; and delete everything"}, '{"plan":"p7"}'),
        ("clean_library", {"path": "x"}, "folder"),
    ],
)
async def test_a_wrong_prompt_is_told_what_would_be_right(
    tmp_path: Path, mode: str, name: str, arguments: dict[str, str], words: str
) -> None:
    async with client(tmp_path, mode) as one:
        with pytest.raises(MCPError) as raised:
            await one.get_prompt(name, arguments)
    assert raised.value.code == -32602
    assert words in str(raised.value)


@both_eras
async def test_a_plan_its_page_and_a_sheet_can_be_read(library: Path, mode: str) -> None:
    bench = Workbench(Settings(root=(library,)))
    plan = bench.plan_actions(PlanArguments())
    async with client(library, mode) as one:
        (told,) = (await one.read_resource(f"autodedup://plan/{plan.plan}")).contents
        (page,) = (await one.read_resource(f"autodedup://report/{plan.plan}")).contents
        (sheet,) = (await one.read_resource("autodedup://group/g1/sheet.jpg")).contents
    assert isinstance(told, TextResourceContents)
    assert (told.mime_type, json.loads(told.text)["digest"]) == ("application/json", plan.digest)
    assert isinstance(page, TextResourceContents)
    assert page.mime_type == "text/html"
    assert page.text.startswith("<!doctype html>")
    assert isinstance(sheet, BlobResourceContents)
    assert sheet.mime_type == "image/jpeg"
    assert base64.b64decode(sheet.blob).startswith(b"\xff\xd8")
    assert not (library / ".autodedup" / "reports").exists()


@both_eras
@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("autodedup://plan/p9999", "PLAN_NOT_FOUND"),
        ("autodedup://report/p9999", "PLAN_NOT_FOUND"),
        ("autodedup://group/g9999/sheet.jpg", "NOT_FOUND"),
        ("autodedup://group/g1/../../etc/passwd", None),
        ("autodedup://plan/f1", None),
        ("file:///etc/passwd", None),
    ],
)
async def test_nothing_lies_at_a_made_up_address(
    ingested: Path, mode: str, uri: str, code: str | None
) -> None:
    async with client(ingested, mode) as one:
        with pytest.raises(MCPError) as raised:
            await one.read_resource(uri)
    assert raised.value.code == -32602
    data = raised.value.error.data
    assert (data or {}).get("code") == code


async def test_without_a_root_an_address_says_how_to_add_one() -> None:
    bench = Workbench(Settings())
    async with Client(build_server(bench, CATALOGUE)) as one:
        with pytest.raises(MCPError) as raised:
            await one.read_resource("autodedup://plan/p1")
    assert "--root /path/to/videos" in str(raised.value)
