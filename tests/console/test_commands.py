"""The commands for people: JSON for a pipe, the contract's exit status, and no way past review."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autodedup.engine.footage.library import Made
from autodedup.server.__main__ import main
from autodedup.server.console.paths import file_reference

Body = dict[str, Any]
Command = Callable[..., tuple[int, Body]]


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command as a script does, with this on its stdin."""

    def run(*words: str, stdin: str = "") -> tuple[int, Body]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        capsys.readouterr()
        status = main(words)
        (line,) = capsys.readouterr().out.splitlines()
        return status, json.loads(line)

    return run


def code(body: Body) -> str:
    assert body["ok"] is False
    return str(body["error"]["code"])


def lying(root: Path, made: list[Made]) -> set[str]:
    """Return the films of the library that lie where they lay."""
    return {film.path for film in made if (root / film.path).exists()}


def test_the_whole_job_by_hand_ends_where_it_began(
    fresh_library: Path, rendered: tuple[Path, list[Made]], typed: Command
) -> None:
    root, made = f"--root={fresh_library}", rendered[1]
    all_of_them = lying(fresh_library, made)

    assert typed("doctor", root)[1]["ready"] is True
    status, ingested = typed("ingest", "--tiers", "exact,perceptual", root)
    assert (status, ingested["processed"], ingested["failed"]) == (0, 11, 1)
    assert typed("find", root)[1]["totals"]["groups"] == 2
    plan = typed("plan", root)[1]
    status, applied = typed("apply", plan["plan"], "--digest", plan["digest"], root)
    assert (status, applied["status"]) == (0, "applied")
    assert len(all_of_them - lying(fresh_library, made)) == 6
    status, undone = typed("undo", plan["plan"], root)
    assert (status, undone["status"]) == (0, "undone")
    assert lying(fresh_library, made) == all_of_them


@pytest.mark.parametrize("answer", ["", "n\n", "yes please\n", "\n"])
def test_a_plan_nobody_agreed_to_is_not_applied(
    library: Path, typed: Command, answer: str, rendered: tuple[Path, list[Made]]
) -> None:
    plan = typed("plan", "--root", str(library))[1]

    status, told = typed("apply", plan["plan"], "--root", str(library), stdin=answer)

    assert (status, code(told)) == (24, "CANCELLED")
    assert plan["digest"] in told["error"]["hint"]
    assert len(lying(library, rendered[1])) == len(rendered[1])


def test_a_plan_is_applied_once_the_person_agrees_to_what_was_shown(
    library: Path, typed: Command
) -> None:
    typed("ingest", "--root", str(library))  # the copied library has inodes of its own
    plan = typed("plan", "--root", str(library))[1]

    status, told = typed("apply", plan["plan"], "--root", str(library), stdin="y\n")

    assert (status, told["status"], told["done"]) == (0, "applied", plan["actions_total"])


def test_another_digest_than_the_plans_applies_nothing(library: Path, typed: Command) -> None:
    plan = typed("plan", "--root", str(library))[1]
    status, told = typed(
        "apply", plan["plan"], "--digest", "0" * 32, "--root", str(library), stdin="y\n"
    )
    assert (status, code(told)) == (13, "DIGEST_MISMATCH")


def test_a_persons_yes_does_not_stand_in_for_approval(library: Path, typed: Command) -> None:
    where = ("--root", str(library), "--require-approval")
    plan = typed("plan", *where)[1]["plan"]

    assert typed("apply", plan, *where, stdin="y\n")[0] == 17
    status, approved = typed("approve", plan, *where, stdin="y\n")
    assert (status, approved["plan"]) == (0, plan)


def test_read_only_applies_nothing(library: Path, typed: Command) -> None:
    plan = typed("plan", "--root", str(library))[1]
    where = ("--root", str(library), "--read-only")
    assert typed("apply", plan["plan"], "--digest", plan["digest"], *where)[0] == 15


def test_flags_of_plan_reach_the_tool(library: Path, typed: Command) -> None:
    groups = typed("find", "--root", str(library))[1]["groups"]
    first, other = groups[0], groups[0]["files"][1]["id"]

    status, plan = typed(
        "plan", "--group", first["id"], "--keeper", f"{first['id']}={other}",
        "--policy", "near=keep", "--with", '{"policy":{"exact":"keep"},"limit":5}',
        "--root", str(library),
    )  # fmt: skip

    assert status == 0
    trashed = {action["keep"] for action in plan["actions"] if action["action"] == "trash"}
    assert trashed <= {other}
    assert any(action["because"] for action in plan["actions"] if action["action"] == "keep")
    assert len(plan["actions"]) <= 5


def test_find_takes_a_file_as_the_working_directory_knows_it(
    library: Path, typed: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(library / "phone")
    status, found = typed("find", "--like", "walk.mp4", "--root", str(library))
    assert (status, found["totals"]["groups"]) == (0, 1)


def test_ids_and_paths_of_a_root_are_left_as_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here.mp4").touch()
    assert file_reference("f12") == "f12"
    assert file_reference("holidays/a.mp4") == "holidays/a.mp4"
    assert file_reference("here.mp4") == str(tmp_path / "here.mp4")
    assert file_reference("/abs/there.mp4") == "/abs/there.mp4"


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["find", "--kind", "nera"], 4, "kinds[0] must be 'exact'"),
        (["find", "--limit", "many"], 4, "--limit"),
        (["ingest", "--tiers", "exact,psychic"], 4, "tiers[1] must be"),
        (["ingest", "nowhere"], 6, "nowhere"),
        (["ingest", "/"], 7, "leads outside the library"),
        (["plan", "p999"], 12, "p999"),
        (["plan", "--policy", "near"], 4, "--policy takes NAME=VALUE"),
        (["plan", "--with", "[1]"], 4, "one JSON object"),
        (["apply", "p999"], 12, "p999"),
        (["undo", "7"], 4, "must be an id such as p7"),
        (["undo"], 4, "PLAN"),
        (["purge", "--older-than", "soon"], 4, "not an age"),
        (["doctor", "--workers", "0"], 4, "--workers must be at least 1"),
    ],
)
def test_a_mistake_is_told_with_the_contracts_exit_status(
    library: Path, typed: Command, words: list[str], status: int, told: str
) -> None:
    answered, body = typed(*words, "--root", str(library))
    assert answered == status
    assert told in body["error"]["message"]


def test_doctor_exits_with_preflight_failed_and_still_gives_every_check(
    library: Path, typed: Command
) -> None:
    status, told = typed("doctor", "--min-free-bytes", str(1 << 60), "--root", str(library))
    assert status == 8
    assert told["ready"] is False
    assert [check["name"] for check in told["checks"] if check["status"] == "fail"]


def test_without_a_root_nothing_is_read(typed: Command) -> None:
    for command in ("doctor", "ingest", "find", "plan"):
        assert typed(command)[0] == 5
