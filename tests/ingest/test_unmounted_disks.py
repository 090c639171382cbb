"""A disk that is not mounted leaves an empty folder behind; what lay on it is not missing."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PATIENT, ingest

from autodedup.engine.errors import FileError, PathNotFoundError
from autodedup.engine.ingest.refusal import Refusals
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import files
from autodedup.engine.store.database import Database
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments

OpenBench = Callable[..., Workbench]


@pytest.fixture
def db(library: Path, open_bench: OpenBench) -> Database:
    """The state of the library, as it is known where it lies now."""
    bench = open_bench(library)
    ingest(bench)
    bench.close()
    return open_library(Settings(root=(library,)), library / ".autodedup" / "state.db")[0]


def lay_on_another_disk(db: Database, folder: str) -> None:
    """Record the files below a folder as on another device than all others."""
    with db.atomic() as connection:
        connection.execute(
            "UPDATE files SET device = device + 1 WHERE CAST(path AS TEXT) LIKE ?", (f"{folder}%",)
        )


def states(db: Database, folder: str) -> set[str]:
    return {row.status for row in files.select(db) if row.path.startswith(folder)}


def unmount(folder: Path, elsewhere: Path) -> None:
    folder.rename(elsewhere)
    folder.mkdir()


def test_files_of_a_folder_whose_disk_is_not_mounted_are_not_missing_and_the_answer_says_so(
    library: Path, db: Database, open_bench: OpenBench, tmp_path: Path
) -> None:
    lay_on_another_disk(db, "camera/")
    unmount(library / "camera", tmp_path / "camera")

    answer = ingest(open_bench(library))

    assert answer.scan.missing == 0
    assert any("camera is empty" in note and "not to be mounted" in note for note in answer.notes)
    assert states(db, "camera/") == {"PROCESSED"}
    (library / "camera").rmdir()
    (tmp_path / "camera").rename(library / "camera")
    again = ingest(open_bench(library))
    assert (again.scan.missing, again.route.pyav) == (0, 0)


def test_files_taken_out_of_a_folder_that_was_no_disk_are_missing(
    library: Path, db: Database, open_bench: OpenBench, tmp_path: Path
) -> None:
    unmount(library / "camera", tmp_path / "camera")
    assert ingest(open_bench(library)).scan.missing == len(list((tmp_path / "camera").iterdir()))
    assert states(db, "camera/") == {"MISSING"}


def test_devices_that_got_other_numbers_are_no_other_disks(
    library: Path, db: Database, open_bench: OpenBench, tmp_path: Path
) -> None:
    lay_on_another_disk(db, "")  # as after a restart: every file of the library
    unmount(library / "camera", tmp_path / "camera")
    assert ingest(open_bench(library)).scan.missing == len(list((tmp_path / "camera").iterdir()))


def test_a_folder_that_was_a_disk_and_is_gone_altogether_is_missing(
    library: Path, db: Database, open_bench: OpenBench, tmp_path: Path
) -> None:
    # This is how a person says that the disk will not come back.
    lay_on_another_disk(db, "camera/")
    (library / "camera").rename(tmp_path / "camera")
    assert ingest(open_bench(library)).scan.missing > 0
    assert states(db, "camera/") == {"MISSING"}


def test_an_empty_root_whose_files_lay_on_another_disk_stops_the_scan_and_plans_lose_nothing(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(library, db=tmp_path / "state.db")
    ingest(bench)
    db, _ = open_library(Settings(root=(library,)), tmp_path / "state.db")
    before = bench.find_duplicates(FindArguments(), PATIENT).totals
    lay_on_another_disk(db, "")
    unmount(library, tmp_path / "unmounted")

    with pytest.raises(PathNotFoundError, match="is empty"):
        ingest(bench)

    assert "MISSING" not in states(db, "")
    library.rmdir()
    (tmp_path / "unmounted").rename(library)
    assert ingest(bench).scan.unchanged == 12
    assert bench.find_duplicates(FindArguments(), PATIENT).totals == before


def test_a_root_that_was_emptied_on_purpose_can_be_said_to_be(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(library, db=tmp_path / "state.db")
    ingest(bench)
    db, _ = open_library(Settings(root=(library,)), tmp_path / "state.db")
    lay_on_another_disk(db, "")
    unmount(library, tmp_path / "away")
    with pytest.raises(PathNotFoundError) as caught:
        ingest(bench)
    assert "put any file there" in caught.value.hint

    (library / "note.txt").touch()

    assert ingest(bench).scan.missing == 12


def test_a_root_that_was_emptied_and_is_the_same_disk_is_empty(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(library, db=tmp_path / "state.db")
    ingest(bench)
    unmount(library, tmp_path / "away")
    assert ingest(bench).scan.missing == 12


def test_a_file_whose_disk_leaves_between_the_walk_and_the_reading_stops_the_scan(
    library: Path, db: Database, tmp_path: Path
) -> None:
    lay_on_another_disk(db, "camera/")
    _, roots = open_library(Settings(root=(library,)), db.path)
    refusals, gone = Refusals(roots, Tally()), FileError("FILE_VANISHED", "The file is gone.")
    (row,) = (row for row in files.select(db) if row.path == "camera/garden.mp4")
    (library / "camera/garden.mp4").rename(tmp_path / "garden.mp4")
    with db.atomic() as connection:
        refusals.write(connection, row, gone)  # the folder has other files: this one is gone
    assert "MISSING" in states(db, "camera/garden.mp4")

    unmount(library / "camera", tmp_path / "camera")
    (row,) = (row for row in files.select(db) if row.path == "camera/night.webm")
    with pytest.raises(PathNotFoundError, match="camera went away"), db.atomic() as connection:
        refusals.write(connection, row, gone)
    assert states(db, "camera/night.webm") == {"PROCESSED"}
