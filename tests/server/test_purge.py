"""Emptying the trash is a person's act: it lists, asks, and takes nothing but yes for an answer."""

import io
import json
from pathlib import Path

import pytest

from autodedup.engine.caller import Caller
from autodedup.engine.errors import InvalidArgumentError
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.apply_plan import ApplyArguments
from autodedup.schemas.ingest import IngestArguments
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.server.__main__ import main
from autodedup.server.purge import days_of

PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)


@pytest.fixture
def trashed(library: Path) -> Path:
    bench = Workbench(Settings(root=(library,)))
    bench.ingest(IngestArguments(), PATIENT)  # the copied library has inodes of its own
    plan = bench.plan_actions(PlanArguments())
    bench.apply_plan(ApplyArguments(plan=plan.plan, digest=plan.digest), PATIENT)
    bench.close()
    return library


def purge(root: Path, answer: str, monkeypatch: pytest.MonkeyPatch, *more: str) -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    return main(["purge", "--older-than", "0d", "--root", str(root), *more])


def in_trash(root: Path) -> list[Path]:
    return [path for path in (root / "__TRASH_BIN__").rglob("*") if path.is_file()]


@pytest.mark.parametrize("answer", ["", "y\n", "no\n", "yes please\n"])
def test_anything_but_yes_removes_nothing(
    trashed: Path, answer: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = in_trash(trashed)
    assert purge(trashed, answer, monkeypatch) == 24  # CANCELLED
    assert in_trash(trashed) == before
    told = capsys.readouterr()
    assert "walk.mp4" in told.err  # stdout is for a program here
    assert json.loads(told.out)["error"]["code"] == "CANCELLED"


def test_yes_empties_the_trash_and_keeps_the_keepers(
    trashed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert purge(trashed, "yes\n", monkeypatch) == 0
    assert in_trash(trashed) == []
    assert (trashed / "holiday/harbour.mp4").exists()
    told = capsys.readouterr()
    assert "Removed 6 files" in told.err
    assert json.loads(told.out)["removed"] == 6


def test_the_last_copy_stays_in_the_trash(
    trashed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (trashed / "camera/walk.mkv").unlink()
    assert purge(trashed, "yes\n", monkeypatch) == 0
    assert [path.name for path in in_trash(trashed)] == ["walk.mp4"]
    assert json.loads(capsys.readouterr().out)["left"][0]["code"] == "KEEPER_VANISHED"


def test_what_is_not_old_enough_stays(
    trashed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    assert main(["purge", "--older-than", "30d", "--root", str(trashed)]) == 0
    assert len(in_trash(trashed)) == 6


def test_read_only_wins(trashed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert purge(trashed, "yes\n", monkeypatch, "--read-only") == 15
    assert len(in_trash(trashed)) == 6


def test_ages_are_read_as_people_write_them() -> None:
    assert [days_of(age) for age in ("30d", "2w", "1 m", "1Y", "7")] == [30, 14, 30, 365, 7]
    for nonsense in ("", "-3d", "soon", "3 days"):
        with pytest.raises(InvalidArgumentError):
            days_of(nonsense)
