"""The walk: which files it finds, what it leaves alone, and what it says of trouble."""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from autodedup.engine.errors import PathNotFoundError
from autodedup.engine.media.walk import Empty, Found, PassedOver, walk

VIDEO = ("mp4", "mkv")
os_scandir = os.scandir
needs_posix = pytest.mark.skipif(os.name == "nt", reason="names and modes of POSIX")


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def found(root: Path, relative: str = "", *, recursive: bool = True) -> set[str]:
    entries = walk(root, relative, extensions=VIDEO, recursive=recursive)
    return {entry.path for entry in entries if isinstance(entry, Found)}


def test_videos_are_found_in_every_folder_whatever_the_case_of_their_extension(
    tmp_path: Path,
) -> None:
    put(tmp_path / "a.mp4")
    put(tmp_path / "deep/er/b.MKV")
    put(tmp_path / "notes.txt")
    put(tmp_path / "mp4")
    put(tmp_path / ".mp4")

    assert found(tmp_path) == {"a.mp4", "deep/er/b.MKV"}


def test_a_record_holds_what_tells_a_file_from_another(tmp_path: Path) -> None:
    file = put(tmp_path / "sub/a.mp4", b"12345")
    os.utime(file, ns=(1, 1_234_567_891))

    (record,) = (e for e in walk(tmp_path, "", extensions=VIDEO) if isinstance(e, Found))

    status = file.stat()
    assert record == Found("sub/a.mp4", 5, 1_234_567_891, status.st_dev, status.st_ino)


def test_our_own_folders_at_the_top_are_passed_over_and_only_there(tmp_path: Path) -> None:
    for folder in ("__TRASH_BIN__", "__QUARANTINE__", "Organized", ".autodedup"):
        put(tmp_path / folder / "a.mp4")
    put(tmp_path / "holidays/Organized/b.mp4")

    assert found(tmp_path) == {"holidays/Organized/b.mp4"}


@needs_posix
def test_links_are_never_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/secret.mp4")
    root = tmp_path / "root"
    put(root / "a.mp4")
    (root / "file.mp4").symlink_to(outside)
    (root / "folder").symlink_to(outside.parent)
    (root / "loop").symlink_to(root)

    assert found(root) == {"a.mp4"}


def test_what_is_no_video_is_counted_by_folder(tmp_path: Path) -> None:
    put(tmp_path / "a.txt")
    put(tmp_path / "sub/b.txt")
    put(tmp_path / "sub/c.txt")

    passed = [e for e in walk(tmp_path, "", extensions=VIDEO) if isinstance(e, PassedOver)]

    assert {entry.path: entry.count for entry in passed} == {"": 1, "sub": 2}


@needs_posix
@pytest.mark.skipif(getattr(os, "geteuid", int)() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read_is_told_and_the_rest_is_walked(tmp_path: Path) -> None:
    put(tmp_path / "a.mp4")
    closed = put(tmp_path / "closed/b.mp4").parent
    closed.chmod(0)
    try:
        entries = list(walk(tmp_path, "", extensions=VIDEO))
    finally:
        closed.chmod(0o700)

    assert {e.path for e in entries if isinstance(e, Found)} == {"a.mp4"}
    (told,) = (e for e in entries if isinstance(e, PassedOver))
    assert told.path == "closed"
    assert told.why is not None


class Breaking:
    """A folder whose disk gives its first entry and then no more."""

    def __init__(self, path: str) -> None:
        self._entries = os_scandir(path)

    def __enter__(self) -> Iterator["os.DirEntry[str]"]:
        return self._given()

    def __exit__(self, *_: object) -> None:
        self._entries.close()

    def _given(self) -> Iterator["os.DirEntry[str]"]:
        yield next(self._entries)
        raise OSError(errno.EIO, os.strerror(errno.EIO))


def break_listing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "os.scandir", lambda path: (Breaking if path == str(folder) else os_scandir)(path)
    )


def test_a_folder_whose_listing_breaks_off_is_told_so_that_nothing_in_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.mp4")
    for name in ("b.mp4", "c.mp4"):
        put(tmp_path / "failing" / name)
    break_listing(tmp_path / "failing", monkeypatch)

    entries = list(walk(tmp_path, "", extensions=VIDEO))

    (told,) = (e for e in entries if isinstance(e, PassedOver))
    assert (told.path, told.why) == ("failing", os.strerror(errno.EIO))
    assert len([e for e in entries if isinstance(e, Found)]) == 2


def test_a_root_whose_listing_breaks_off_stops_the_walk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a.mp4")
    break_listing(tmp_path, monkeypatch)

    with pytest.raises(PathNotFoundError, match="Nothing was marked"):
        list(walk(tmp_path, "", extensions=VIDEO))


def test_a_folder_without_an_entry_is_told_with_its_disk(tmp_path: Path) -> None:
    put(tmp_path / "a/notes.txt")
    (tmp_path / "b/c").mkdir(parents=True)

    told = [e for e in walk(tmp_path, "", extensions=VIDEO) if isinstance(e, Empty)]

    assert told == [Empty("b/c", tmp_path.stat().st_dev)]


def test_a_folder_is_listed_once_and_no_further_ahead_than_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        put(tmp_path / f"{number % 3}/{number}.mp4")
    listed: list[str] = []

    def counted(path: str) -> object:
        listed.append(path)
        return os_scandir(path)

    monkeypatch.setattr("os.scandir", counted)
    walking = walk(tmp_path, "", extensions=VIDEO)
    assert isinstance(next(walking), Found)
    assert len(listed) == 2  # the root, and the folder of the first video
    assert len(list(walking)) == 299
    assert len(listed) == len(set(listed)) == 4


def test_a_subfolder_that_vanishes_on_the_way_is_told(tmp_path: Path) -> None:
    put(tmp_path / "a.mp4")
    gone = put(tmp_path / "gone/b.mp4").parent
    walking = walk(tmp_path, "", extensions=VIDEO)
    assert isinstance(next(walking), Found)

    shutil.rmtree(gone)

    (told,) = (e for e in walking if isinstance(e, PassedOver))
    assert (told.path, told.why is not None) == ("gone", True)


def test_a_root_that_vanishes_on_the_way_stops_the_walk(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root / "a.mp4")
    walking = walk(root, "", extensions=VIDEO)
    next(walking)
    shutil.rmtree(root)

    with pytest.raises(PathNotFoundError, match="Nothing was marked"):
        list(walking)


def test_a_root_replaced_on_the_way_stops_the_walk_as_when_a_disk_is_unmounted(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    put(root / "a.mp4")
    walking = walk(root, "", extensions=VIDEO)
    next(walking)
    root.rename(tmp_path / "elsewhere")
    root.mkdir()

    with pytest.raises(PathNotFoundError):
        list(walking)


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PathNotFoundError):
        list(walk(tmp_path / "nowhere", "", extensions=VIDEO))


def test_without_recursion_subfolders_are_left_alone(tmp_path: Path) -> None:
    put(tmp_path / "holidays/a.mp4")
    put(tmp_path / "holidays/more/b.mp4")

    assert found(tmp_path, "holidays", recursive=False) == {"holidays/a.mp4"}


def test_a_single_file_can_be_walked(tmp_path: Path) -> None:
    put(tmp_path / "holidays/a.mp4")
    put(tmp_path / "holidays/b.mp4")

    assert found(tmp_path, "holidays/a.mp4") == {"holidays/a.mp4"}


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names are UTF-8")
def test_a_name_that_is_not_utf8_keeps_its_bytes(tmp_path: Path) -> None:
    name = b"caf\xe9\n\x1b[31m.mp4"
    put(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)))

    (path,) = found(tmp_path)

    assert os.fsencode(path) == name
