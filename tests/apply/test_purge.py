"""Emptying the trash removes only what we put there, and never the last copy."""

import threading

import pytest
from apply.boundaries import PowerCut, cut_at, struck
from apply.library import Library

from autodedup.engine.apply.purge import PurgeReport, candidates, purge
from autodedup.engine.errors import ApplyUnfinishedError

FILM = b"picture and sound"
IN_A_WEEK = 7 * 86_400.0


def empty(library: Library) -> PurgeReport:
    chosen = candidates(library.db, older_than_days=0)
    return purge(library.db, {1: library.root}, chosen, stop=threading.Event())


def trash_one(library: Library, victim: str = "d/v.mp4", keeper: str = "k.mp4") -> None:
    for path in (keeper, victim):
        if path not in library.ids:
            library.add(path, FILM)
    library.apply(library.plan(library.action("trash", victim, keeper)))


def test_what_is_old_enough_leaves_the_trash_with_the_folders_made_for_it(
    library: Library,
) -> None:
    trash_one(library)
    stranger = library.add("__TRASH_BIN__/mine.mp4", b"not put there by us")

    report = empty(library)

    assert (report.removed, report.bytes_freed, report.left) == (1, len(FILM), ())
    assert set(library.tree()) == {"k.mp4", stranger}
    assert library.folders() == {"d", "__TRASH_BIN__"}


def test_what_was_trashed_lately_is_not_listed(library: Library) -> None:
    trash_one(library)
    now = library.db.path.stat().st_mtime

    assert candidates(library.db, older_than_days=7, now=now) == ()
    assert len(candidates(library.db, older_than_days=6, now=now + IN_A_WEEK)) == 1


@pytest.mark.parametrize("fate", ["unlinked", "edited", "renamed"])
def test_the_last_copy_stays_in_the_trash(library: Library, fate: str) -> None:
    trash_one(library)
    keeper = library.root / "k.mp4"
    if fate == "unlinked":
        keeper.unlink()
    elif fate == "edited":
        keeper.write_bytes(b"another film")
    else:
        keeper.rename(library.root / "renamed.mp4")

    report = empty(library)

    assert [left.code for left in report.left] == ["KEEPER_VANISHED"]
    assert library.tree()["__TRASH_BIN__/d/v.mp4"].content == FILM


def test_the_keeper_of_a_keeper_will_do(library: Library) -> None:
    trash_one(library)
    trash_one(library, victim="k.mp4", keeper="better.mp4")

    assert empty(library).removed == 2
    assert set(library.tree()) == {"better.mp4"}


def test_an_organized_keeper_still_stands(library: Library) -> None:
    trash_one(library)
    library.apply(library.plan(library.action("organize", "k.mp4", to="Organized/k.mp4")))

    assert empty(library).removed == 1


def test_a_file_that_was_changed_in_the_trash_stays(library: Library) -> None:
    trash_one(library)
    (library.root / "__TRASH_BIN__/d/v.mp4").write_bytes(b"edited in the trash")

    assert [left.code for left in empty(library).left] == ["FILE_CHANGED"]
    assert library.tree()["__TRASH_BIN__/d/v.mp4"].content == b"edited in the trash"


def test_what_was_undone_or_purged_is_not_listed_again(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    library.undo(plan)
    assert candidates(library.db, older_than_days=0) == ()

    trash_one(library)
    empty(library)
    assert candidates(library.db, older_than_days=0) == ()


def test_a_purged_file_is_named_as_beyond_undo(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    empty(library)

    report = library.undo(plan)

    assert [item.code for item in report.items] == ["FILE_VANISHED"]


def test_nothing_is_purged_while_a_step_is_open(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    with pytest.raises(PowerCut), struck(cut_at(1)):
        library.apply(plan)

    with pytest.raises(ApplyUnfinishedError):
        candidates(library.db, older_than_days=0)


def test_a_power_cut_at_any_boundary_of_a_purge_is_recovered(library: Library) -> None:
    cuts = 0
    while True:
        victim = f"v{cuts}.mp4"
        trash_one(library, victim=victim)
        try:
            with struck(cut_at(cuts + 1)):
                empty(library)
        except PowerCut:
            cuts += 1
        else:
            break
        library.recover()
        assert set(library.tree()) <= {"k.mp4", f"__TRASH_BIN__/{victim}"}
        assert empty(library).left == ()
        assert set(library.tree()) == {"k.mp4"}
    assert cuts >= 4
