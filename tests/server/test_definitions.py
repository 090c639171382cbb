"""What a model reads before its first call: as it was reviewed, and short enough to be paid for."""

import json

import pytest
from definition_snapshots import FOLDER, snapshots

from autodedup.server.definitions import definition
from autodedup.tools.catalogue import CATALOGUE

LIST_BYTES = 12_000  # of tools/list as a whole
CUT_AT = 2_048  # characters of a description that every client shows


def test_every_definition_is_the_one_that_was_reviewed() -> None:
    told = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert told == snapshots(), "a definition changed: look at it, then run make definitions"


def test_the_whole_list_stays_affordable() -> None:
    listed = [
        definition(tool).model_dump(mode="json", by_alias=True, exclude_none=True)
        for tool in CATALOGUE
    ]
    text = json.dumps({"tools": listed}, separators=(",", ":"), ensure_ascii=False)
    assert len(text.encode()) <= LIST_BYTES


@pytest.mark.parametrize("tool", CATALOGUE, ids=lambda tool: tool.name)
def test_a_description_is_never_cut_by_a_client(tool: object) -> None:
    assert len(getattr(tool, "description", "")) <= CUT_AT


def test_every_argument_says_what_it_is_for() -> None:
    for tool in CATALOGUE:
        for name, argument in definition(tool).input_schema["properties"].items():
            assert argument.get("description"), f"{tool.name}.{name}"
