"""A copy becomes a link, its name never missing, and undo makes it a file of its own again."""

import fcntl
import os
import struct
import threading
from pathlib import Path

import pytest
from apply.boundaries import shared_blocks, struck
from apply.library import BORN_NS, Library, seen

from autodedup.engine.apply import renames
from autodedup.engine.apply.errand import PRIVATE

FILM = b"picture and sound" * 100


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "reflink"])
def test_a_copy_becomes_a_link_and_a_file_of_its_own_again(library: Library, kind: str) -> None:
    keeper = library.add("a/b/k.mp4", FILM, BORN_NS + 5)
    victim = library.add("c/v.mp4", FILM, BORN_NS)
    (library.root / victim).chmod(0o600)
    before, inode = library.tree(), library.row(victim).stat.inode
    plan = library.plan(library.action(kind, victim, keeper))

    with shared_blocks():
        report = library.apply(plan)

    assert (report.status, report.bytes_freed) == ("applied", len(FILM))
    place = library.root / victim
    if kind == "hardlink":
        assert place.samefile(library.root / keeper)
    elif kind == "symlink":
        assert place.readlink() == Path("../a/b/k.mp4")
    else:
        assert library.tree() == before
        assert place.stat().st_ino != inode
    assert place.read_bytes() == FILM

    assert library.undo(plan).status == "undone"
    assert library.tree() == before
    assert not place.is_symlink()
    assert place.stat().st_nlink == 1
    assert private_names(library) == []


@pytest.mark.parametrize("kind", ["trash", "delete", "organize", "quarantine"])
def test_what_symbolic_links_lead_to_stays_until_they_are_undone(
    library: Library, kind: str
) -> None:
    best, keeper, victim = (library.add(f"{name}.mp4", FILM) for name in ("b", "k", "v"))
    links = library.plan(library.action("symlink", victim, keeper))
    library.apply(links)
    needs = None if kind in {"organize", "quarantine"} else best
    action = library.action(kind, keeper, needs, to="Organized/k.mp4")

    report = library.apply(library.plan(action))

    assert [item.code for item in report.items] == ["PROTECTED"]
    assert (library.root / victim).read_bytes() == FILM
    library.undo(links)
    again = library.plan(action.model_copy(update={"because": "the links are gone"}))
    assert library.apply(again).done == 1


def test_a_plan_never_moves_away_what_its_own_links_lead_to(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(
        library.action("organize", keeper, to="Organized/k.mp4"),
        library.action("symlink", victim, keeper),
    )

    assert library.apply(plan).done == 1
    assert (library.root / victim).read_bytes() == FILM


def test_extended_attributes_come_back_with_the_file(library_on_disk: Library) -> None:
    library = library_on_disk
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    try:
        os.setxattr(library.root / victim, "user.note", b"of the old file")
    except OSError:
        pytest.skip("this file system keeps no extended attributes")
    plan = library.plan(library.action("hardlink", victim, keeper))
    library.apply(plan)
    assert os.listxattr(library.root / victim) == []

    library.undo(plan)

    assert os.getxattr(library.root / victim, "user.note") == b"of the old file"


def test_blocks_are_shared_on_a_file_system_that_can(sharing_library: Library) -> None:
    library, film = sharing_library, os.urandom(8 << 20)
    keeper = library.add("k.mp4", film)
    victim = library.add("d/v.mp4", film, BORN_NS + 1)
    before = library.tree()
    plan = library.plan(library.action("reflink", victim, keeper))
    assert not shares_blocks(library.root / victim)

    assert library.apply(plan).status == "applied"

    assert shares_blocks(library.root / victim)
    assert library.tree() == before
    (library.root / keeper).write_bytes(b"edited")
    assert (library.root / victim).read_bytes() == film


def test_a_keeper_that_is_edited_before_it_is_cloned_never_shows_under_the_name(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("reflink", victim, keeper))
    shown: set[bytes] = set()

    with shared_blocks():
        clone = fcntl.ioctl

        def edit_then_clone(descriptor: int, request: int, argument: int) -> int:
            with (library.root / keeper).open("ab") as file:
                file.write(b"edited")
            return clone(descriptor, request, argument)

        monkeypatch.setattr(fcntl, "ioctl", edit_then_clone)
        with struck(lambda _: shown.add((library.root / victim).read_bytes())):
            report = library.apply(plan)
        monkeypatch.undo()

    assert [item.code for item in report.items] == ["KEEPER_CHANGED"]
    assert shown == {FILM}


def test_where_blocks_cannot_be_shared_the_copy_stays(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()

    report = library.apply(library.plan(library.action("reflink", victim, keeper)))

    if report.status == "applied":
        pytest.skip("this file system shares blocks")
    assert [item.code for item in report.items] == ["LINK_UNSUPPORTED"]
    assert library.tree() == before
    assert private_names(library) == []


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_the_name_is_never_missing(library: Library, kind: str) -> None:
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(20)]
    plan = library.plan(*(library.action(kind, victim, keeper) for victim in victims))
    missing: list[str] = []
    looks, over = 0, threading.Event()

    def watch() -> None:
        nonlocal looks
        while not over.is_set():
            for victim in victims:
                looks += 1
                try:
                    if (library.root / victim).read_bytes() != FILM:
                        missing.append(victim)
                except FileNotFoundError:
                    missing.append(victim)

    watcher = threading.Thread(target=watch)
    watcher.start()
    library.apply(plan)
    library.undo(plan)
    over.set()
    watcher.join()

    assert looks > 100
    assert missing == []


@pytest.mark.parametrize("kind", ["hardlink", "reflink", "symlink"])
def test_a_file_that_only_claims_to_be_a_copy_is_never_linked(library: Library, kind: str) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM[:-1] + b"?")
    before = library.tree()
    plan = library.plan(library.action(kind, victim, keeper, relation="near"))

    with shared_blocks():
        report = library.apply(plan)

    assert [item.code for item in report.items] == ["FILE_CHANGED"]
    assert library.tree() == before
    assert library.outcomes(plan) == []


def test_files_that_are_linked_already_are_done_without_a_step(library: Library) -> None:
    keeper = library.add("k.mp4", FILM)
    os.link(library.root / keeper, library.root / "v.mp4")
    library.ids["v.mp4"] = library.ids[keeper]
    plan = library.plan(library.action("hardlink", "v.mp4", keeper))

    report = library.apply(plan)

    assert (report.done, report.bytes_freed, library.outcomes(plan)) == (1, 0, [])
    assert library.undo(plan).status == "undone"


def test_without_an_atomic_exchange_nothing_is_replaced(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()
    monkeypatch.setattr(renames, "system_rename", lambda: None)

    report = library.apply(library.plan(library.action("hardlink", victim, keeper)))

    assert [item.code for item in report.items] == ["LINK_UNSUPPORTED"]
    assert library.tree() == before
    assert private_names(library) == []


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_contents_edited_through_the_link_are_not_undone(library: Library, kind: str) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action(kind, victim, keeper))
    library.apply(plan)
    with (library.root / keeper).open("ab") as file:
        file.write(b"a new ending")

    report = library.undo(plan)

    assert [item.code for item in report.items] == ["FILE_CHANGED"]
    assert "exist no longer" in report.items[0].detail
    assert (library.root / victim).read_bytes() == FILM + b"a new ending"


@pytest.mark.parametrize("kind", ["hardlink", "symlink"])
def test_undo_leaves_a_newcomer_alone_that_took_the_place_of_the_link(
    library: Library, kind: str
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action(kind, victim, keeper))
    library.apply(plan)
    (library.root / "new.mp4").write_bytes(b"a newcomer")
    (library.root / "new.mp4").replace(library.root / victim)

    assert [item.code for item in library.undo(plan).items] == ["NAME_TAKEN"]
    assert (library.root / victim).read_bytes() == b"a newcomer"


def test_a_symbolic_link_never_leads_into_another_root(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    action = library.action("symlink", victim, keeper)
    with library.db.atomic() as connection:
        connection.execute("INSERT INTO roots (id, path, added_at) VALUES (2, x'2f', 0)")
    (library.outside / "k.mp4").write_bytes(FILM)
    elsewhere = (library.outside / "k.mp4").stat()
    other = action.keeper.model_copy(
        update={"root": 2, "inode": elsewhere.st_ino, "mtime_ns": elsewhere.st_mtime_ns}
    )
    plan = library.plan(action.model_copy(update={"keeper": other}))
    before = seen(library.root / victim)

    report = library.apply(plan, roots={1: library.root, 2: library.outside})

    assert [item.code for item in report.items] == ["LINK_UNSUPPORTED"]
    assert seen(library.root / victim) == before


def private_names(library: Library) -> list[Path]:
    return [path for path in library.root.rglob("*") if path.name.startswith(PRIVATE)]


def shares_blocks(path: Path) -> bool:
    """Ask the file system (FS_IOC_FIEMAP) whether the file's first extent has other owners."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        # start, length, flags, extents mapped, room for extents; then one extent of 56 bytes
        question = struct.pack("=QQIIII", 0, 1 << 62, 0, 0, 1, 0) + bytes(56)
        answer = fcntl.ioctl(file.fileno(), 0xC020660B, question)
    (flags,) = struct.unpack_from("=I", answer, 32 + 40)
    return bool(flags & 0x2000)  # FIEMAP_EXTENT_SHARED
