"""A file is touched only if it, and the copy that stays, are exactly what the plan saw."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from apply.library import BORN_NS, Library

from autodedup.engine.apply.places import Places
from autodedup.engine.apply.witness import look_at
from autodedup.engine.errors import FileError, PathNotFoundError, PathOutsideRootsError
from autodedup.engine.store.journal import Spot
from autodedup.schemas.vocabulary import ActionKind

FILM = b"picture and sound" * 100
REMOVALS: tuple[ActionKind, ...] = ("trash", "delete", "hardlink", "symlink")


@pytest.mark.parametrize("fact", ["device", "inode", "size", "mtime_ns"])
@pytest.mark.parametrize(
    ("who", "code"), [("victim", "FILE_CHANGED"), ("keeper", "KEEPER_CHANGED")]
)
def test_one_changed_fact_is_enough_to_leave_both_alone(
    library: Library, fact: str, who: str, code: str
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()
    action = library.action("trash", victim, keeper, relation="near")
    seen = getattr(action, who)
    remembered = seen.model_copy(update={fact: getattr(seen, fact) + 1})
    plan = library.plan(action.model_copy(update={who: remembered}))

    report = library.apply(plan)

    assert [item.code for item in report.items] == [code]
    assert fact in report.items[0].detail
    assert library.tree() == before
    assert library.outcomes(plan) == []


@pytest.mark.parametrize("kind", REMOVALS)
@pytest.mark.parametrize(("who", "code"), [("v", "FILE_VANISHED"), ("k", "KEEPER_VANISHED")])
def test_nothing_is_removed_when_either_is_gone(
    library: Library, kind: ActionKind, who: str, code: str
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action(kind, victim, keeper))
    (library.root / f"{who}.mp4").unlink()
    before = library.tree()

    assert [item.code for item in library.apply(plan).items] == [code]
    assert library.tree() == before


@pytest.mark.parametrize("kind", REMOVALS)
def test_an_exact_copy_that_was_edited_behind_its_times_is_left_alone(
    library: Library, kind: ActionKind
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action(kind, victim, keeper))
    with (library.root / victim).open("r+b") as file:
        file.write(b"P")
    os.utime(library.root / victim, ns=(BORN_NS, BORN_NS))
    before = library.tree()

    report = library.apply(plan)

    assert [item.code for item in report.items] == ["FILE_CHANGED"]
    assert "bytes differ" in report.items[0].detail
    assert library.tree() == before
    assert library.outcomes(plan) == []


@pytest.mark.parametrize("kind", REMOVALS)
@pytest.mark.parametrize(("who", "code"), [("v", "FILE_CHANGED"), ("k", "KEEPER_CHANGED")])
def test_a_file_that_became_a_link_is_not_followed(
    library: Library, kind: ActionKind, who: str, code: str
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action(kind, victim, keeper))
    swapped = library.root / f"{who}.mp4"
    swapped.rename(library.outside / "real.mp4")
    swapped.symlink_to(library.outside / "real.mp4")

    assert [item.code for item in library.apply(plan).items] == [code]
    assert library.outcomes(plan) == [], "it was opened through the link"
    assert swapped.is_symlink()
    assert (library.outside / "real.mp4").read_bytes() == FILM


@pytest.mark.parametrize("kind", [*REMOVALS, "organize", "quarantine"])
def test_a_folder_that_became_a_link_leads_nowhere(library: Library, kind: ActionKind) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("d/v.mp4", FILM)
    action = library.action(kind, victim, keeper if kind in REMOVALS else None, to="Organized/v")
    plan = library.plan(action)
    (library.root / "d").rename(library.outside / "d")
    (library.root / "d").symlink_to(library.outside / "d")

    assert [item.code for item in library.apply(plan).items] == ["FILE_CHANGED"]
    assert [path.name for path in (library.outside / "d").iterdir()] == ["v.mp4"]


def test_a_trash_that_is_a_link_is_not_used(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    (library.root / "__TRASH_BIN__").symlink_to(library.outside)

    assert [item.code for item in library.apply(plan).items] == ["NAME_TAKEN"]
    assert list(library.outside.iterdir()) == []
    assert (library.root / victim).read_bytes() == FILM


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_what_is_no_file_any_more_is_left_alone(
    library: Library, make: Callable[[Path], None]
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    (library.root / victim).unlink()
    make(library.root / victim)

    assert [item.code for item in library.apply(plan).items] == ["FILE_CHANGED"]
    assert (library.root / victim).exists()


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["a pipe", "a folder"])
def test_only_regular_files_are_ever_read(library: Library, make: Callable[[Path], None]) -> None:
    make(library.root / "strange.mp4")

    with (
        pytest.raises(FileError) as raised,
        look_at(Places({1: library.root}), Spot(1, "strange.mp4"), None),
    ):
        pytest.fail("it was opened as a file")

    assert raised.value.code == "FILE_CHANGED"


@pytest.mark.parametrize("path", ["../out.mp4", "/etc/out.mp4", "a/../../out.mp4", "a//b", "./b"])
def test_a_path_that_leads_out_of_the_library_stops_the_call(library: Library, path: str) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()

    with pytest.raises(PathOutsideRootsError):
        library.apply(library.plan(library.action("trash", victim, keeper, to=path)))
    action = library.action("trash", victim, keeper)
    forged = action.victim.model_copy(update={"path": path})
    with pytest.raises(PathOutsideRootsError):
        library.apply(library.plan(action.model_copy(update={"victim": forged})))

    assert library.tree() == before
    assert list(library.outside.iterdir()) == []


@pytest.mark.parametrize("kind", REMOVALS)
def test_one_file_reached_by_two_paths_is_the_last_copy(library: Library, kind: ActionKind) -> None:
    library.add("d/film.mp4", FILM)
    (library.root / "same").mkdir()
    mount = ["mount", "--bind", str(library.root / "d"), str(library.root / "same")]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("the right to mount is needed")
    try:
        library.ids["same/film.mp4"] = 99
        plan = library.plan(library.action(kind, "same/film.mp4", "d/film.mp4"))

        report = library.apply(plan)

        assert [item.code for item in report.items] == ["PROTECTED"]
        assert (library.root / "d/film.mp4").read_bytes() == FILM
    finally:
        subprocess.run(["umount", str(library.root / "same")], check=True)


@pytest.mark.parametrize("kind", ["trash", "delete"])
def test_one_name_reached_by_two_paths_is_found_out_even_beside_a_hard_link(
    library: Library, kind: ActionKind
) -> None:
    library.add("d/film.mp4", FILM)
    os.link(library.root / "d/film.mp4", library.outside / "a third name.mp4")
    (library.root / "same").mkdir()
    mount = ["mount", "--bind", str(library.root / "d"), str(library.root / "same")]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        pytest.skip("the right to mount is needed")
    try:
        library.ids["same/film.mp4"] = 99
        plan = library.plan(library.action(kind, "same/film.mp4", "d/film.mp4"))

        assert [item.code for item in library.apply(plan).items] == ["KEEPER_VANISHED"]
        assert (library.root / "d/film.mp4").read_bytes() == FILM
    finally:
        subprocess.run(["umount", str(library.root / "same")], check=True)


@pytest.mark.parametrize("kind", ["trash", "delete"])
def test_one_of_two_hard_links_may_go_and_frees_nothing(library: Library, kind: ActionKind) -> None:
    keeper = library.add("k.mp4", FILM)
    os.link(library.root / keeper, library.root / "v.mp4")
    library.ids["v.mp4"] = 99
    report = library.apply(library.plan(library.action(kind, "v.mp4", keeper)))

    assert (report.done, report.bytes_freed) == (1, 0)
    assert (library.root / keeper).read_bytes() == FILM


def test_a_protected_file_is_left_alone(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("masters/v.mp4", FILM)
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))

    report = library.apply(plan, protected=lambda _root, path: path.startswith("masters/"))

    assert [item.code for item in report.items] == ["PROTECTED"]
    assert library.tree() == before


def test_a_root_that_is_gone_stops_the_call_and_the_plan_can_go_on_later(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    away = library.root.rename(library.folder / "unplugged")

    with pytest.raises(PathNotFoundError):
        library.apply(plan)

    away.rename(library.root)
    assert library.apply(plan).done == 1
