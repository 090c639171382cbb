"""What the MCP registry is told in server.json: what is shipped, in the form that it takes."""

import json
import re
import tomllib
from typing import Any

import pytest
from readme_tables import PROJECT

from autodedup.engine.settings import Settings
from autodedup.server.commands import named
from autodedup.server.flags import environment, flag


@pytest.fixture(scope="module")
def entry() -> dict[str, Any]:
    told: dict[str, Any] = json.loads((PROJECT / "server.json").read_text(encoding="utf-8"))
    return told


def test_name_and_description_are_in_the_form_the_registry_takes(entry: dict[str, Any]) -> None:
    assert entry["$schema"].endswith("/server.schema.json")
    assert re.fullmatch(r"[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+", entry["name"])
    assert 1 <= len(entry["description"]) <= 100
    assert 1 <= len(entry["title"]) <= 100


def test_the_version_is_the_one_that_is_shipped(entry: dict[str, Any]) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (package,) = entry["packages"]
    assert entry["version"] == package["version"] == project["version"]
    assert (package["registryType"], package["identifier"]) == ("pypi", project["name"])
    assert package["transport"] == {"type": "stdio"}


def test_the_readme_carries_the_mark_by_which_the_registry_knows_the_owner(
    entry: dict[str, Any],
) -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert f"<!-- mcp-name: {entry['name']} -->" in readme


def test_its_arguments_and_variables_are_ones_that_the_server_takes(entry: dict[str, Any]) -> None:
    (package,) = entry["packages"]
    command, *flags = package["packageArguments"]
    assert named(command["value"]) is not None
    assert {one["name"] for one in flags} <= {flag(name) for name in Settings.model_fields}
    told = {one["name"] for one in package["environmentVariables"]}
    assert told <= {environment(name) for name in Settings.model_fields}
