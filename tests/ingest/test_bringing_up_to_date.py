"""Ingest brings the state up to date with the disk, decodes nothing twice and loses nothing."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import PATIENT, ingest

from autodedup.engine.errors import (
    DatabaseLockedError,
    InvalidArgumentError,
    ModelUnavailableError,
    NotIngestedError,
    PathNotFoundError,
    PathOutsideRootsError,
    PreflightFailedError,
)
from autodedup.engine.ingest.run import IngestRun
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, leases, signatures
from autodedup.engine.store.database import migrations
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestArguments

OpenBench = Callable[..., Workbench]


def states(root: Path) -> dict[str, str]:
    db, _ = open_library(Settings(root=(root,)), root / ".autodedup" / "state.db")
    return {row.path: row.status for row in files.select(db)}


def signature_numbers(root: Path) -> dict[str, int | None]:
    db, _ = open_library(Settings(root=(root,)), root / ".autodedup" / "state.db")
    return {row.path: row.signature_id for row in files.select(db)}


def test_a_library_mounted_elsewhere_keeps_its_analysis(
    library: Path, open_bench: OpenBench
) -> None:
    answer = ingest(open_bench(library))
    assert answer.route.pyav == 0
    assert answer.scan.new == 0
    assert answer.scan.missing == 0


def test_every_file_reaches_the_state_it_deserves(library: Path) -> None:
    found = states(library)
    assert found.pop("downloads/walk.mp4") == "BROKEN"
    assert set(found.values()) == {"PROCESSED"}


def test_exact_copies_share_one_signature(library: Path) -> None:
    numbers = signature_numbers(library)
    assert numbers["holiday/harbour.mp4"] == numbers["holiday/harbour (1).mp4"]
    assert numbers["holiday/harbour.mp4"] != numbers["backup/harbour.mkv"]


def test_streams_that_were_hashed_under_their_decoders_names_are_hashed_anew(
    library: Path, open_bench: OpenBench
) -> None:
    db, _ = open_library(Settings(root=(library,)), library / ".autodedup" / "state.db")
    hashed = signatures.stream_hashes(db)
    assert hashed
    with db.atomic() as connection:
        connection.execute("UPDATE signatures SET stream_hash = x'00'")
        connection.execute(migrations()[5])

    ingest(open_bench(library))

    assert signatures.stream_hashes(db) == hashed


def test_an_unchanged_library_decodes_nothing(library: Path, open_bench: OpenBench) -> None:
    bench = open_bench(library)
    ingest(bench)
    again = ingest(bench)
    assert (again.processed, again.failed, again.remaining) == (0, 0, 0)
    assert again.scan.unchanged == again.scan.seen == 12


def test_a_renamed_file_keeps_its_signature(library: Path, open_bench: OpenBench) -> None:
    ingest(open_bench(library))  # a copied tree has new inodes: learn them first
    before = signature_numbers(library)["camera/garden.mp4"]
    (library / "new").mkdir()
    (library / "camera/garden.mp4").rename(library / "new/my garden.mp4")
    answer = ingest(open_bench(library))
    assert (answer.scan.moved, answer.scan.missing, answer.route.pyav) == (1, 0, 0)
    assert signature_numbers(library)["new/my garden.mp4"] == before
    assert "camera/garden.mp4" not in states(library)


def test_a_changed_file_is_done_again(library: Path, open_bench: OpenBench) -> None:
    shutil.copyfile(library / "camera/night.webm", library / "camera/garden.mp4")
    answer = ingest(open_bench(library))
    assert answer.scan.changed == 1
    numbers = signature_numbers(library)
    assert numbers["camera/garden.mp4"] == numbers["camera/night.webm"]


def test_a_file_touched_with_the_same_size_is_done_again(
    library: Path, open_bench: OpenBench
) -> None:
    os.utime(library / "camera/garden.mp4", ns=(1, 1))
    assert ingest(open_bench(library)).scan.changed == 1


def test_a_vanished_file_becomes_missing_and_comes_back(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(library)
    (library / "camera/garden.mp4").rename(tmp_path / "garden.mp4")
    assert ingest(bench).scan.missing == 1
    assert states(library)["camera/garden.mp4"] == "MISSING"
    (tmp_path / "garden.mp4").rename(library / "camera/garden.mp4")
    answer = ingest(bench)
    assert (answer.scan.moved, answer.route.pyav) == (1, 0)
    assert states(library)["camera/garden.mp4"] == "PROCESSED"


def test_an_ingest_of_one_folder_says_nothing_of_the_others(
    library: Path, open_bench: OpenBench
) -> None:
    (library / "camera/garden.mp4").unlink()
    (library / "phone/walk.mp4").unlink()
    answer = ingest(open_bench(library), paths=["camera"])
    assert answer.scan.missing == 1
    assert states(library)["phone/walk.mp4"] == "PROCESSED"


def test_a_file_that_is_named_twice_is_recorded_once(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    bench, paths = open_bench(fresh_library), ["camera/garden.mp4", "camera"]
    assert ingest(bench, paths=paths, tiers=["exact"]).scan.missing == 0
    assert "camera/garden.mp4" in states(fresh_library)
    again = ingest(bench, paths=paths, tiers=["exact"])
    assert (again.scan.new, again.scan.changed, again.scan.missing) == (0, 0, 0)


def test_copies_are_hashed_whole_though_an_ingest_was_stopped_after_their_ends(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    ingest(open_bench(fresh_library), tiers=["exact"])
    db, _ = open_library(Settings(root=(fresh_library,)), fresh_library / ".autodedup" / "state.db")
    with db.atomic() as connection:
        connection.execute("UPDATE files SET sha256 = NULL")
    ingest(open_bench(fresh_library), tiers=["exact"])
    hashed = {row.path for row in files.select(db, "sha256 IS NOT NULL")}
    assert hashed == {"holiday/harbour.mp4", "holiday/harbour (1).mp4"}


def test_not_recursive_means_this_folder_alone(library: Path, open_bench: OpenBench) -> None:
    assert ingest(open_bench(library), recursive=False).scan.seen == 0


def test_a_root_that_is_gone_stops_the_scan_and_marks_nothing_missing(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    bench = open_bench(library, db=tmp_path / "state.db")
    ingest(bench)
    library.rename(tmp_path / "unmounted")
    with pytest.raises(PathNotFoundError):
        ingest(bench)
    (tmp_path / "unmounted").rename(library)
    assert ingest(bench).scan.unchanged == 12


def test_files_of_a_folder_that_cannot_be_read_are_not_taken_for_missing(
    library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refuse_one(path: str) -> object:
        if str(path).endswith("camera"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    # Root may read every folder, so the refusal is made here.
    monkeypatch.setattr("os.scandir", refuse_one)
    answer = ingest(open_bench(library))
    assert answer.scan.missing == 0
    assert any("camera" in note for note in answer.notes)
    assert states(library)["camera/garden.mp4"] == "PROCESSED"


def test_a_disk_pulled_out_in_mid_ingest_breaks_no_file(
    fresh_library: Path, tmp_path: Path
) -> None:
    away, db_path = tmp_path / "away", tmp_path / "state.db"
    settings = Settings(root=(fresh_library,), db=db_path, workers=1)
    db, roots = open_library(settings, db_path)

    def pull_out() -> None:
        while not signatures.rows(db):
            threading.Event().wait(0.02)
        fresh_library.rename(away)

    puller = threading.Thread(target=pull_out)
    puller.start()
    with pytest.raises(PathNotFoundError, match="went away"):
        IngestRun(db, roots, settings, IngestArguments()).run(threading.Event())
    puller.join()
    assert {row.status for row in files.select(db)} <= {"NEW", "HASHED", "PROCESSED"}
    away.rename(fresh_library)
    answer = IngestRun(db, roots, settings, IngestArguments()).run(threading.Event())
    assert answer.errors_by_code == {"TRUNCATED": 1}


def test_what_was_set_aside_is_no_library(library: Path, open_bench: OpenBench) -> None:
    for folder in ("__TRASH_BIN__", "inner/__TRASH_BIN__", "inner/__QUARANTINE__"):
        (library / folder).mkdir(parents=True)
        shutil.copyfile(library / "camera/garden.mp4", library / folder / "gone.mp4")
    assert ingest(open_bench(library)).scan.new == 0
    for folder in ("__TRASH_BIN__", ".autodedup"):
        with pytest.raises(InvalidArgumentError):
            ingest(open_bench(library), paths=[folder])


def test_a_name_with_a_nul_is_told_not_raised(library: Path, open_bench: OpenBench) -> None:
    with pytest.raises(PathNotFoundError):
        ingest(open_bench(library), paths=["a\0b"])


def test_read_only_makes_no_state(fresh_library: Path, open_bench: OpenBench) -> None:
    bench = open_bench(fresh_library, read_only=True)
    with pytest.raises(NotIngestedError):
        bench.find_duplicates(FindArguments(), PATIENT)
    assert not (fresh_library / ".autodedup").exists()


def test_a_moved_home_takes_no_other_roots_files(
    library: Path, open_bench: OpenBench, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copyfile(library / "camera/night.webm", other / "night again.webm")
    ingest(open_bench(library, other))
    moved = tmp_path / "moved"
    library.rename(moved)
    answer = ingest(open_bench(moved, other))
    assert (answer.scan.new, answer.scan.missing, answer.scan.unchanged) == (0, 0, 13)


def test_a_failed_file_is_tried_again_only_when_asked(library: Path, open_bench: OpenBench) -> None:
    bench = open_bench(library)
    quiet = ingest(bench)
    assert quiet.failed == 0
    assert any("1 file" in note for note in quiet.notes)
    asked = ingest(bench, retry_failed=True)
    assert asked.failed == 1
    assert asked.errors_by_code == {"TRUNCATED": 1}
    assert asked.errors[0].path == "downloads/walk.mp4"


def test_force_computes_everything_again(library: Path, open_bench: OpenBench) -> None:
    answer = ingest(open_bench(library), force=True)
    assert answer.processed == 11
    assert answer.route.pyav == 10  # eleven readable files, two of them exact copies


def test_the_exact_tier_alone_decodes_nothing(fresh_library: Path, open_bench: OpenBench) -> None:
    answer = ingest(open_bench(fresh_library), tiers=["exact"])
    assert answer.route.pyav == 0
    assert states(fresh_library)["holiday/harbour.mp4"] == "HASHED"
    later = ingest(open_bench(fresh_library))
    assert later.route.pyav == 10


def test_a_tier_without_a_model_says_so_before_any_work(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    with pytest.raises(ModelUnavailableError):
        ingest(open_bench(fresh_library), tiers=["exact", "semantic"])
    assert states(fresh_library) == {}


def test_a_disk_that_is_all_but_full_stops_the_ingest_before_it_starts(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    with pytest.raises(PreflightFailedError) as raised:
        ingest(open_bench(fresh_library, min_free_bytes=1 << 60))
    assert raised.value.details == {"failed": ["free_space"]}
    assert states(fresh_library) == {}


def test_paths_outside_the_roots_are_refused(library: Path, open_bench: OpenBench) -> None:
    (library / "way out").symlink_to("/etc")
    for path in ("/etc", "../../etc", "way out", "way out/passwd"):
        with pytest.raises(PathOutsideRootsError):
            ingest(open_bench(library), paths=[path])
    with pytest.raises(PathNotFoundError):
        ingest(open_bench(library), paths=["no such folder"])


def test_names_that_no_terminal_should_see_are_signed_all_the_same(
    library: Path, open_bench: OpenBench
) -> None:
    names = [b"new\nline.mp4", b"\x1b[2Jclear.mp4", b"\xff\xfe.mp4", b"l" * 251 + b".mp4"]
    source = library / "camera/garden.mp4"
    for number, name in enumerate(names):
        target = os.fsencode(library) + b"/" + name
        shutil.copyfile(source, target)
        os.truncate(target, source.stat().st_size - 1 - number)
    answer = ingest(open_bench(library))
    assert (answer.scan.new, answer.failed) == (4, 0)
    text = answer.model_dump_json()
    assert "\\u001b" not in text
    assert "\\n" not in text


def test_two_ingests_at_once_do_not_mix(library: Path, open_bench: OpenBench) -> None:
    db, _ = open_library(Settings(root=(library,)), library / ".autodedup" / "state.db")
    with leases.lease(db, "apply", threading.Event()), pytest.raises(DatabaseLockedError):
        ingest(open_bench(library))
    assert ingest(open_bench(library)).status == "complete"


def test_a_stopped_ingest_keeps_what_it_finished_and_goes_on_from_there(
    fresh_library: Path,
) -> None:
    settings = Settings(root=(fresh_library,), workers=1)
    db, roots = open_library(settings, fresh_library / ".autodedup" / "state.db")
    run, stop = IngestRun(db, roots, settings, IngestArguments()), threading.Event()

    def stop_after_two() -> None:
        while len(signatures.rows(db)) < 2:
            threading.Event().wait(0.02)
        stop.set()

    watcher = threading.Thread(target=stop_after_two)
    watcher.start()
    first = run.run(stop)
    watcher.join()
    assert first.status == "cancelled"
    assert first.processed >= 2
    second = IngestRun(db, roots, settings, IngestArguments()).run(threading.Event())
    assert second.status == "complete"
    assert first.route.pyav + second.route.pyav == 10
