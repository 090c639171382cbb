"""What a person sees at a terminal: tables, bars, questions and errors, never JSON unasked."""

import json
import sys
from pathlib import Path

import pytest
from console.terminal import at_a_terminal
from rich.console import Console

from autodedup.schemas.evidence import Evidence, HashDistance, Overlap
from autodedup.schemas.find_duplicates import Group, GroupFile
from autodedup.schemas.jobs import Progress
from autodedup.server.amounts import counted, duration, size
from autodedup.server.console.groups import groups_table, in_a_line
from autodedup.server.console.progress_bar import pace

terminal = pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made with a pty")


@terminal
def test_ingest_shows_a_bar_while_it_works_and_a_summary_after(fresh_library: Path) -> None:
    (fresh_library / "camera/night.webm").rename(fresh_library / "night.webm")
    seen = at_a_terminal("ingest", "night.webm", "--tiers", "exact", "--root", str(fresh_library))

    assert seen.status == 0
    assert "━" in seen.raw
    assert "1 file in" in seen.text
    assert "Next: autodedup find" in seen.text
    assert '{"ok"' not in seen.text


@terminal
def test_the_plan_is_shown_before_the_question_and_the_way_back_after_it(library: Path) -> None:
    where = ("--root", str(library))
    assert at_a_terminal("ingest", *where).status == 0
    planned = at_a_terminal("plan", *where)
    assert "Next: autodedup apply p1" in planned.text

    seen = at_a_terminal("apply", "p1", *where, types="y\n")

    assert seen.status == 0
    assert seen.text.index("harbour (1).mp4") < seen.text.index("Apply this plan? [y/N]")
    assert seen.text.index("Apply this plan?") < seen.text.index("p1 applied")
    assert "To put it back: autodedup undo p1" in seen.text


@terminal
def test_an_error_is_told_in_words_with_the_next_command(library: Path) -> None:
    seen = at_a_terminal("undo", "p9", "--root", str(library))
    assert seen.status == 12
    assert "PLAN_NOT_FOUND" in seen.text
    assert "autodedup plan" in seen.text
    assert '{"ok"' not in seen.text


@terminal
def test_a_wrong_value_is_told_with_where_to_look(library: Path) -> None:
    seen = at_a_terminal("find", "--kind", "nera", "--root", str(library))
    assert seen.status == 4
    assert "kinds[0] must be" in seen.text
    assert "--help lists what it takes" in seen.text
    assert "schema(" not in seen.text


@terminal
def test_json_is_given_at_a_terminal_when_asked_for(library: Path) -> None:
    seen = at_a_terminal("find", "--json", "--root", str(library))
    told = [line for line in seen.text.splitlines() if line.startswith('{"ok"')]
    assert json.loads(told[0])["totals"]["groups"] == 2


@terminal
def test_doctor_names_each_check_and_the_fix_of_one_that_fails(library: Path) -> None:
    seen = at_a_terminal("doctor", "--min-free-bytes", str(1 << 60), "--root", str(library))
    assert seen.status == 8
    assert "✔ root" in seen.text
    assert "✘ free_space" in seen.text


def shown(group: Group) -> str:
    console = Console(width=140, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(groups_table([group]))
    return captured.get()


def test_a_name_that_looks_like_markup_is_shown_as_it_is() -> None:
    files = (
        GroupFile(id="f1", path="[red]alarm[/red].mp4", bytes=10, relation="exact", confidence=1),
        GroupFile(id="f2", path="keep.mp4", bytes=10),
    )
    group = Group(
        id="g1", kind="exact", confidence=1, keep="f2", why_keep="size", reclaimable_bytes=10,
        files=files,
    )  # fmt: skip
    told = shown(group)
    assert "[red]alarm[/red].mp4" in told
    assert told.index("keep.mp4") < told.index("alarm")


def test_evidence_is_told_in_a_line() -> None:
    evidence = Evidence(
        overlap=(Overlap(a=(0, 6), b=(3.4, 9.4), speed=1),),
        distance=HashDistance(mean=7.4, worst=9, of_bits=256, frames=12),
        view="mirror",
        agrees=("duration", "sound"),
    )
    assert in_a_line(evidence) == (
        "0.0-6.0 s is 3.4-9.4 s of it, 7 of 256 bits differ, view mirror, same duration and sound"
    )
    assert in_a_line(None) == ""


def test_amounts_are_told_as_people_say_them() -> None:
    assert [size(n) for n in (0, 999, 1000, 1_234_567, 5 * 10**12)] == [
        "0 bytes", "999 bytes", "1.0 kB", "1.2 MB", "5.0 TB",
    ]  # fmt: skip
    assert [counted(n, "file") for n in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]
    assert [duration(s) for s in (5.24, 65, 3723)] == ["5.2 s", "1:05", "1:02:03"]


def test_the_bar_tells_rate_and_time_left_as_far_as_they_are_known() -> None:
    known = Progress(done=5, total=8, unit="files", rate=0.5, eta_s=75.0)
    assert pace(known) == ", 0.5 a second, 1:15 left"
    assert pace(known.model_copy(update={"eta_s": None})) == ", 0.5 a second"
    assert pace(Progress(done=1, total=8, unit="files")) == ""
