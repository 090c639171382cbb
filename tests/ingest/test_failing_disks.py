"""A disk that fails costs what cannot be read from it, and never what was known."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

import failing_disk
import pytest
from conftest import ingest
from worker_faults import in_workers

from autodedup.engine.errors import FileError, PathNotFoundError
from autodedup.engine.media.reading import opened
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.signature.digests import edge_hash, sha256
from autodedup.engine.signature.sign import sign
from autodedup.engine.signature.streams import stream_hash
from autodedup.engine.store import files
from autodedup.engine.workbench import Workbench

OpenBench = Callable[..., Workbench]
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="finds names in /proc")


@pytest.fixture
def damaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give this process and its workers a disk with a damaged block."""
    monkeypatch.setattr("os.fdopen", failing_disk.fdopen)
    in_workers(failing_disk.as_source(), tmp_path, monkeypatch)


def states(root: Path) -> dict[str, tuple[str, str | None]]:
    db, _ = open_library(Settings(root=(root,)), root / ".autodedup" / "state.db")
    return {row.path: (row.status, row.code) for row in files.select(db)}


@needs_proc
@pytest.mark.usefixtures("damaged")
@pytest.mark.parametrize("reader", [sign, sha256, stream_hash])
def test_a_read_error_is_the_files_error_and_says_that_it_was_the_disk(
    reader: Callable[[str], object], library: Path
) -> None:
    bad = (library / "backup/harbour.mkv").rename(library / "bad.mkv")
    with pytest.raises(FileError, match="disk does not give it") as caught:
        reader(os.fspath(bad))
    assert caught.value.code == "DECODE_FAILED"


@needs_proc
@pytest.mark.usefixtures("damaged")
def test_a_file_with_a_damaged_block_fails_by_itself_and_the_scan_goes_on(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    (fresh_library / "backup/harbour.mkv").rename(fresh_library / "backup/bad.mkv")
    answer = ingest(open_bench(fresh_library))

    assert answer.status == "complete"
    assert answer.errors_by_code == {"TRUNCATED": 1, "DECODE_FAILED": 1}
    (told,) = (error for error in answer.errors if error.code == "DECODE_FAILED")
    assert told.path == "backup/bad.mkv"
    assert "disk does not give it" in told.detail
    found = states(fresh_library)
    assert found.pop("backup/bad.mkv") == ("BROKEN", "DECODE_FAILED")
    assert sum(status == "PROCESSED" for status, _ in found.values()) == 10


@needs_proc
def test_the_ends_of_a_file_that_cannot_be_read_cost_that_file_only(
    fresh_library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its ends are read by the server itself, not by a worker.
    monkeypatch.setattr("os.fdopen", failing_disk.fdopen)
    monkeypatch.setattr(failing_disk, "FROM", 0)
    bad = (fresh_library / "backup/harbour.mkv").rename(fresh_library / "backup/bad.mkv")
    status = bad.stat()
    with pytest.raises(FileError, match="disk does not give it"):
        edge_hash(bad, size=status.st_size, mtime_ns=status.st_mtime_ns)

    answer = ingest(open_bench(fresh_library))

    assert answer.errors_by_code == {"TRUNCATED": 1, "DECODE_FAILED": 1}
    assert answer.processed == 10


def test_a_file_replaced_on_its_server_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"a film")
    with pytest.raises(FileError) as caught, opened(os.fspath(path)):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    assert caught.value.code == "FILE_CHANGED"


def test_a_disk_that_dies_under_a_folder_that_still_stands_breaks_no_file(
    fresh_library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench = open_bench(fresh_library, db=tmp_path / "state.db")
    scandir, walked = os.scandir, set[str]()
    folders = {str(path) for path in fresh_library.iterdir()}

    def die_when_all_was_walked(path: object) -> object:
        if folders <= walked and str(path) == str(fresh_library):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        walked.add(str(path))
        return scandir(path)  # type: ignore[call-overload]  # as it was asked

    monkeypatch.setattr("os.scandir", die_when_all_was_walked)
    with pytest.raises(PathNotFoundError, match="went away"):
        ingest(bench)
