"""The demo walks through the whole job, and its proof would notice if anything were lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autodedup.engine.footage.library import Made
from autodedup.schemas.find_duplicates import Group, GroupFile
from autodedup.server.demo_proof import changes, judge_groups, snapshot

MADE = (
    Made("a.mp4", "the original"),
    Made("copy.mp4", "a copy", "a.mp4", "exact"),
    Made("b.mp4", "unrelated"),
)


def demo(*options: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "autodedup.server", "demo", *options],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip


def group(*paths: str) -> Group:
    files = tuple(GroupFile(id=f"f{n}", path=path) for n, path in enumerate(paths, 1))
    return Group(
        id="g1", kind="exact", confidence=1, keep="f1", why_keep="size", reclaimable_bytes=0,
        files=files,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.mp4", "deep/b.mp4", ".autodedup/state.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.slow
def test_the_demo_finds_every_copy_and_every_byte_is_back(tmp_path: Path) -> None:
    done = demo("--json", "--keep", str(tmp_path / "kept"), cwd=tmp_path)

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["ok"] is True
    assert told["problems"] == []
    assert [call["tool"] for call in told["calls"]] == [
        "preflight", "ingest", "find_duplicates", "plan_actions", "apply_plan", "undo_plan",
    ]  # fmt: skip
    assert told["calls"][1]["answer"]["failed"] == 1
    assert (tmp_path / "kept/holiday/harbour.mp4").exists()


def test_the_demo_does_not_start_in_a_folder_that_holds_something(folder: Path) -> None:
    done = demo("--keep", str(folder), cwd=folder)

    assert done.returncode == 1
    assert "is not empty" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == [".autodedup", "a.mp4", "deep"]


def test_an_untouched_folder_has_no_changes_and_its_state_does_not_count(folder: Path) -> None:
    before = snapshot(folder)
    (folder / ".autodedup/state.db").write_text("other")

    assert set(before) == {"a.mp4", "deep/b.mp4"}
    assert changes(before, snapshot(folder)) == []


def test_other_bytes_other_times_and_other_names_are_noticed(folder: Path) -> None:
    before = snapshot(folder)
    shutil.copyfile(folder / "a.mp4", folder / "c.mp4")
    os.utime(folder / "a.mp4", ns=(0, 1))
    (folder / "deep/b.mp4").write_text("!")

    assert changes(before, snapshot(folder)) == [
        "a.mp4 has another time",
        "c.mp4 is new",
        "deep/b.mp4 has other bytes",
    ]


def test_a_lost_file_is_noticed(folder: Path) -> None:
    before = snapshot(folder)
    (folder / "a.mp4").unlink()

    assert changes(before, snapshot(folder)) == ["a.mp4 is gone"]


def test_what_was_made_and_found_is_no_problem() -> None:
    assert judge_groups(MADE, [group("copy.mp4", "a.mp4")]) == []


def test_a_copy_that_was_missed_is_a_problem() -> None:
    assert judge_groups(MADE, []) == ["copy.mp4 (a copy) was not found to be a duplicate of a.mp4"]


def test_another_film_in_a_group_is_a_problem() -> None:
    problems = judge_groups(MADE, [group("a.mp4", "copy.mp4", "b.mp4")])

    assert problems == ["g1 mixes different films: a.mp4, b.mp4"]
