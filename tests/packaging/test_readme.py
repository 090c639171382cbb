"""The README tells the truth: its tables come from the code, and its commands exist."""

import re
from pathlib import Path

import pytest
from readme_tables import README, filled

from autodedup.tools.catalogue import CATALOGUE

PROJECT = Path(__file__).parents[2]
TEXT = README.read_text(encoding="utf-8")


def test_the_generated_tables_are_current() -> None:
    assert filled(TEXT) == TEXT, "run: make readme"


def test_all_three_tables_are_there() -> None:
    assert re.findall(r"<!-- generated:(\w+) -->", TEXT) == ["tools", "flags", "errors"]


def test_the_readme_names_every_tool() -> None:
    assert [tool.name for tool in CATALOGUE if f"`{tool.name}`" not in TEXT] == []


def test_every_make_target_that_is_told_of_exists() -> None:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    told = {
        first or second
        for first, second in re.findall(r"^make ([a-z]+)|`make ([a-z]+)", TEXT, re.MULTILINE)
    }

    assert {"demo", "test"} <= told
    assert [name for name in told if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_relative_link_leads_somewhere(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", text) if not link.startswith("http")]

    assert [link for link in links if not (PROJECT / link).exists()] == []


def test_every_promise_names_tests_that_exist() -> None:
    told = set(re.findall(r"`(test_\w+)`", TEXT))
    code = "".join(
        path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py")
    )
    assert len(told) > 15
    assert [name for name in sorted(told) if f"def {name}(" not in code] == []
