"""The README and docs tell the truth: tables come from the code, and what they name exists."""

import re
from pathlib import Path

import pytest
from readme_tables import PAGES, PROJECT, README, filled

from autodedup.server.commands import every_command
from autodedup.server.flags import bounds_table
from autodedup.tools.catalogue import CATALOGUE

TEXT = README.read_text(encoding="utf-8")
WRITTEN = sorted(
    [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), *PROJECT.glob("examples/**/*.md")]
)


def named(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_the_generated_tables_are_current(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<!-- generated:" in text
    assert filled(text) == text, "run: make readme"


def test_every_bound_of_a_setting_is_told() -> None:
    assert "| `--semantic-cosine` | more than 0, less than 1 |" in bounds_table()
    assert "| `--gpu-memory-share` | more than 0, at most 1 |" in bounds_table()
    assert "| `--workers` | at least 1, at most 256 |" in bounds_table()


def test_all_tables_of_the_readme_are_there() -> None:
    assert re.findall(r"<!-- generated:(\w+) -->", TEXT) == [
        "commands", "tools", "flags", "errors",
    ]  # fmt: skip


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


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text) if link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_of_the_docs_is_in_their_list() -> None:
    told = (PROJECT / "docs/README.md").read_text(encoding="utf-8")
    pages = {page.name for page in PROJECT.glob("docs/*.md")} - {"README.md"}
    assert [page for page in sorted(pages) if f"({page})" not in told] == []


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_command_that_is_told_of_exists(page: Path) -> None:
    known = {one.name for one in every_command()}
    told = set(re.findall(r"\bautodedup ([a-z]+)\b", page.read_text(encoding="utf-8")))
    prose = {"serves", "is", "stopped", "on"}
    assert told - known - prose == set()


def test_every_promise_names_tests_that_exist() -> None:
    safety = (PROJECT / "docs/safety.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(test_\w+)`", safety))
    code = "".join(
        path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("test_*.py")
    )
    assert len(told) > 15
    assert [name for name in sorted(told) if f"def {name}(" not in code] == []
