"""A disk that is full, read-only, another device or failing: the file stays where it was."""

import errno
import os
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from apply.boundaries import two_devices
from apply.library import BORN_NS, Library

from autodedup.engine.apply import carry_out, renames
from autodedup.engine.apply.errand import PRIVATE
from autodedup.engine.apply.renames import Address
from autodedup.engine.errors import ApplyUnfinishedError, NoSpaceError

FILM = b"picture and sound" * 100


def test_the_trash_may_lie_on_another_device(library: Library, small_disk: Path) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("d/v.mp4", FILM, BORN_NS + 7)
    (library.root / victim).chmod(0o604)
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))

    assert library.apply(plan).status == "applied"

    assert library.tree() == {keeper: before[keeper], f"__TRASH_BIN__/{victim}": before[victim]}
    assert library.undo(plan).status == "undone"
    assert library.tree() == before


def test_a_full_trash_takes_nothing_and_can_be_tried_again(
    library: Library, small_disk: Path
) -> None:
    film = os.urandom(900 << 10)
    keeper, victim = library.add("k.mp4", film), library.add("d/v.mp4", film)
    (small_disk / "in the way").write_bytes(bytes(400 << 10))
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))

    report = library.apply(plan)

    assert [item.code for item in report.items] == ["NO_SPACE"]
    assert library.tree() == before
    assert not (small_disk / "d").exists()

    (small_disk / "in the way").unlink()
    assert library.apply(plan).status == "applied"
    assert library.tree()[f"__TRASH_BIN__/{victim}"].content == film


def test_a_trash_on_a_read_only_disk_takes_nothing(library: Library, small_disk: Path) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("d/v.mp4", FILM)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    before = library.tree()

    report = library.apply(library.plan(library.action("trash", victim, keeper)))

    assert [item.code for item in report.items] == ["PERMISSION_DENIED"]
    assert library.tree() == before


def test_undo_onto_a_full_disk_leaves_the_file_in_the_trash(
    library: Library, small_disk: Path
) -> None:
    film = os.urandom(700 << 10)
    library.add("k.mp4", film)
    (small_disk / "film.mp4").write_bytes(film)
    library.add("__TRASH_BIN__/film.mp4", film)
    plan = library.plan(library.action("organize", "__TRASH_BIN__/film.mp4", to="out.mp4"))
    assert library.apply(plan).done == 1
    (small_disk / "in the way").write_bytes(bytes(600 << 10))
    before = library.tree()

    report = library.undo(plan)

    assert [item.code for item in report.items] == ["NO_SPACE"]
    assert library.tree() == before


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.EACCES, "PERMISSION_DENIED"),
        (errno.EPERM, "PERMISSION_DENIED"),
        (errno.EROFS, "PERMISSION_DENIED"),
        (errno.EIO, "PERMISSION_DENIED"),
        (errno.ENOSPC, "NO_SPACE"),
        (errno.EDQUOT, "NO_SPACE"),
    ],
)
@pytest.mark.parametrize("kind", ["trash", "delete", "hardlink", "symlink"])
def test_a_refusal_in_mid_plan_leaves_that_file_and_does_the_rest(
    library: Library, kind: str, number: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = library.add("k.mp4", FILM)
    names = [library.add(f"{name}.mp4", FILM) for name in ("a", "refused", "z")]
    plan = library.plan(*(library.action(kind, name, keeper) for name in names))
    _refuse(monkeypatch, number, lambda source, target: "refused" in source + target)

    report = library.apply(plan)

    assert library.states(plan) == ["done", "failed", "done"]
    assert [item.code for item in report.items] == [code]
    assert (library.root / "refused.mp4").read_bytes() == FILM
    assert not list(library.root.rglob(f"{PRIVATE}*"))

    monkeypatch.undo()
    assert library.apply(plan).status == "applied"


@pytest.mark.parametrize("left_kib", [0, 8, 16, 24, 32, 48])
def test_a_full_disk_under_the_database_costs_no_file(
    swift_path: Path, small_state: Path, left_kib: int
) -> None:
    library = Library(swift_path, state=small_state / "state.db")
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(4)]
    plan = library.plan(*(library.action("trash", victim, keeper) for victim in victims))
    free = os.statvfs(small_state)
    filler = small_state / "in the way"
    filler.write_bytes(bytes(free.f_bavail * free.f_frsize - left_kib * 1024))

    with pytest.raises(NoSpaceError):
        library.apply(plan)

    assert Counter(seen.content for seen in library.tree().values()) == {FILM: 5}
    filler.unlink()
    library.recover()
    assert library.apply(plan).status == "applied"
    assert library.undo(plan).status == "undone"
    assert set(library.tree()) == {keeper, *victims}
    library.db.close()


def test_a_file_with_too_many_links_is_not_linked_to(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMLINK, os.strerror(errno.EMLINK))

    monkeypatch.setattr(os, "link", full)
    report = library.apply(library.plan(library.action("hardlink", victim, keeper)))

    assert [item.code for item in report.items] == ["LINK_UNSUPPORTED"]
    assert library.tree() == before


def test_a_hard_link_to_another_device_is_refused(library: Library, small_disk: Path) -> None:
    keeper, victim = library.add("__TRASH_BIN__/k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()

    report = library.apply(library.plan(library.action("hardlink", victim, keeper)))

    assert [item.code for item in report.items] == ["CROSS_DEVICE"]
    assert library.tree() == before


def test_a_disk_that_cannot_confirm_a_move_gets_it_taken_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))
    fsync, calls = os.fsync, 0

    def failing(descriptor: int) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:  # the first is of the folder that was made
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    report = library.apply(plan)

    assert [item.code for item in report.items] == ["PERMISSION_DENIED"]
    assert library.tree() == before
    assert library.outcomes(plan) == ["rolled_back"]


def test_a_disk_that_fails_in_both_directions_stops_the_call_until_it_is_recovered(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    (library.root / "__TRASH_BIN__").mkdir()
    plan = library.plan(library.action("trash", victim, keeper))

    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken, pytest.raises(ApplyUnfinishedError) as raised:
        broken.setattr(os, "fsync", failing)
        library.apply(plan)
    assert "v.mp4" in raised.value.message
    with pytest.raises(ApplyUnfinishedError):
        library.apply(plan)

    assert library.recover()
    assert library.apply(plan).status == "applied"


def test_what_was_left_alone_is_on_record_when_the_call_ends_in_an_error(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(2)]
    (library.root / "__TRASH_BIN__").mkdir()
    plan = library.plan(*(library.action("trash", victim, keeper) for victim in victims))
    (library.root / victims[0]).write_bytes(b"edited")

    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken, pytest.raises(ApplyUnfinishedError):
        broken.setattr(os, "fsync", failing)
        library.apply(plan)
    assert library.states(plan) == ["skipped", "planned"]


def test_many_actions_that_are_left_alone_are_written_down_in_lots(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_out, "WRITTEN_AT_ONCE", 2)
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(5)]
    plan = library.plan(*(library.action("trash", victim, keeper) for victim in victims))
    for victim in victims:
        (library.root / victim).write_bytes(b"edited")

    report = library.apply(plan)

    assert (report.skipped, len(report.items)) == (5, 5)
    assert library.states(plan) == ["skipped"] * 5


def test_a_copy_that_reads_back_differently_is_not_trusted(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("across.mp4", FILM)
    before = library.tree()
    write = os.write

    def flipping(descriptor: int, data: bytes) -> int:
        return write(descriptor, bytes(data)[:-1] + b"?")

    monkeypatch.setattr(os, "write", flipping)
    with two_devices():
        report = library.apply(library.plan(library.action("trash", victim, keeper)))

    assert report.done == 0
    assert library.tree() == before


def _refuse(
    monkeypatch: pytest.MonkeyPatch, number: int, which: Callable[[str, str], bool]
) -> None:
    """Have the system refuse to rename certain names."""
    system = renames.system_rename()
    assert system is not None

    def call(source: Address, target: Address, flags: int) -> None:
        if which(source[0], target[0]):
            raise OSError(number, os.strerror(number))
        system[1](source, target, flags)

    monkeypatch.setattr(renames, "system_rename", lambda: (system[0], call))
