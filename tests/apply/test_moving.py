"""Trash, quarantine and organize move a file, and undo brings it back to the nanosecond."""

import os
import threading

import pytest
from apply.library import Library, stat_of

from autodedup.engine.apply.free_names import LONGEST_NAME
from autodedup.engine.errors import DeleteNotAllowedError, DigestMismatchError, PlanStaleError
from autodedup.engine.store import files, plans
from autodedup.engine.store.decisions import content_key, departed

FILM = b"picture and sound"


@pytest.mark.parametrize(
    ("kind", "shelf"), [("trash", "__TRASH_BIN__"), ("quarantine", "__QUARANTINE__")]
)
def test_a_file_is_set_aside_under_its_own_path_and_comes_back(
    library: Library, kind: str, shelf: str
) -> None:
    keeper = library.add("keep.mp4", FILM)
    victim = library.add("holidays/2019/copy.mp4", FILM)
    (library.root / victim).chmod(0o640)
    before, folders = library.tree(), library.folders()
    plan = library.plan(library.action(kind, victim, keeper))

    report = library.apply(plan)

    assert (report.status, report.done, report.bytes_freed) == ("applied", 1, len(FILM))
    assert library.tree() == {keeper: before[keeper], f"{shelf}/{victim}": before[victim]}
    assert library.row(victim).status == "DELETED"

    assert library.undo(plan).status == "undone"
    assert library.tree() == before
    assert library.folders() == folders
    assert library.row(victim).status == "HASHED"


def test_a_survivor_is_organized_and_comes_back(library: Library) -> None:
    path = library.add("a/b/film.mp4", FILM)
    before = library.tree()
    to = "Organized/HD_720p/film.mp4"
    plan = library.plan(library.action("organize", path, to=to))

    assert library.apply(plan).status == "applied"
    assert library.tree() == {to: before[path]}
    assert library.row(path).path == to

    assert library.undo(plan).status == "undone"
    assert library.tree() == before
    assert library.row(path).path == path


def test_a_taken_name_gets_a_number_and_nothing_is_overwritten(library: Library) -> None:
    library.add("__TRASH_BIN__/a.mp4", b"thrown away long ago")
    library.add("__TRASH_BIN__/a (2).mp4", b"and another")
    keeper, victim = library.add("k.mp4", FILM), library.add("a.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))

    assert library.apply(plan).done == 1
    assert library.outcomes(plan) == ["done"], "a step was begun towards a taken name"

    contents = {path: seen.content for path, seen in library.tree().items()}
    assert contents == {
        "k.mp4": FILM,
        "__TRASH_BIN__/a.mp4": b"thrown away long ago",
        "__TRASH_BIN__/a (2).mp4": b"and another",
        "__TRASH_BIN__/a (3).mp4": FILM,
    }


@pytest.mark.parametrize("letter", ["x", "é", "漢"])
def test_a_name_of_255_bytes_still_gets_its_number(library: Library, letter: str) -> None:
    stem = letter * ((LONGEST_NAME - 4) // len(letter.encode()))
    name = f"{stem}.mp4"
    library.add(f"__TRASH_BIN__/{name}", b"in the way")
    keeper, victim = library.add("k.mp4", FILM), library.add(name, FILM)

    assert library.apply(library.plan(library.action("trash", victim, keeper))).done == 1

    names = [path.name for path in (library.root / "__TRASH_BIN__").iterdir()]
    assert len(names) == 2
    assert all(len(os.fsencode(name)) <= LONGEST_NAME for name in names)
    assert any(name.endswith(" (2).mp4") for name in names)


@pytest.mark.parametrize("name", ["bad \udcff\udcfe.mp4", "two\nlines.mp4", "\x1b[31mred.mp4"])
def test_a_hostile_name_is_moved_and_comes_back(library: Library, name: str) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add(f"d/{name}", FILM)
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))

    assert library.apply(plan).done == 1
    assert f"__TRASH_BIN__/d/{name}" in library.tree()
    assert library.undo(plan).status == "undone"
    assert library.tree() == before


def test_removals_come_before_their_keepers_are_organized(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    before = library.tree()
    to = "Organized/SD_480p/k.mp4"
    plan = library.plan(
        library.action("organize", keeper, to=to), library.action("trash", victim, keeper)
    )

    assert library.apply(plan).status == "applied"
    assert set(library.tree()) == {to, "__TRASH_BIN__/v.mp4"}
    assert library.undo(plan).status == "undone"
    assert library.tree() == before


def test_undo_goes_backwards_so_that_names_are_free_again(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("Organized/film.mp4", FILM)
    before = library.tree()
    plan = library.plan(
        library.action("trash", victim, keeper),
        library.action("organize", keeper, to="Organized/film.mp4"),
    )
    assert library.apply(plan).status == "applied"
    assert set(library.tree()) == {"Organized/film.mp4", "__TRASH_BIN__/Organized/film.mp4"}

    assert library.undo(plan).status == "undone"
    assert library.tree() == before


def test_applying_twice_gives_the_same_answer_and_does_nothing(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    other = library.add("w.mp4", b"another film")
    plan = library.plan(
        library.action("trash", victim, keeper),
        library.action("trash", other, keeper, relation="near"),
    )
    (library.root / other).write_bytes(b"edited")
    first = library.apply(plan)
    steps, tree = library.outcomes(plan), library.tree()

    assert library.apply(plan) == first
    assert (library.outcomes(plan), library.tree()) == (steps, tree)
    assert [item.code for item in first.items] == ["FILE_CHANGED"]


def test_undoing_twice_gives_the_same_answer(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    first = library.undo(plan)
    tree = library.tree()

    assert library.undo(plan) == first
    assert library.tree() == tree
    with pytest.raises(PlanStaleError):
        library.apply(plan)


def test_undo_leaves_a_file_in_the_trash_whose_name_is_taken_and_can_be_repeated(
    library: Library,
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    (library.root / victim).write_bytes(b"a newcomer")

    report = library.undo(plan)

    assert (report.status, [item.code for item in report.items]) == ("partial", ["NAME_TAKEN"])
    assert library.tree()[victim].content == b"a newcomer"
    assert library.tree()["__TRASH_BIN__/v.mp4"].content == FILM

    (library.root / victim).unlink()
    assert library.undo(plan).status == "undone"
    assert library.tree()[victim].content == FILM


def test_undo_leaves_a_file_alone_that_was_changed_in_the_trash(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    (library.root / "__TRASH_BIN__/v.mp4").write_bytes(b"something else")

    assert [item.code for item in library.undo(plan).items] == ["FILE_CHANGED"]
    assert library.tree()["__TRASH_BIN__/v.mp4"].content == b"something else"


def test_undo_removes_only_folders_that_the_apply_made(library: Library) -> None:
    (library.root / "__TRASH_BIN__/a").mkdir(parents=True)
    keeper, victim = library.add("k.mp4", FILM), library.add("a/b/v.mp4", FILM)
    before = library.folders()
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    assert library.folders() > before

    library.undo(plan)

    assert library.folders() == before


def test_undo_makes_a_folder_again_that_was_removed_meanwhile(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("a/b/v.mp4", FILM)
    before = library.tree()
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    (library.root / "a/b").rmdir()
    (library.root / "a").rmdir()

    assert library.undo(plan).status == "undone"
    assert library.tree() == before


def test_what_was_let_go_is_remembered_until_it_is_brought_back(library: Library) -> None:
    keeper, victim = library.add("k.mp4", b"a"), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper, relation="near"))
    library.apply(plan)
    assert set(departed(library.db)) == {content_key(library.row(victim))}

    library.undo(plan)

    assert not departed(library.db)


def test_a_row_that_was_given_to_a_newcomer_tells_nothing_of_the_file_that_comes_back(
    library: Library,
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    newcomer = library.root / victim
    newcomer.write_bytes(b"a newcomer, ingested under the old name")
    with library.db.atomic() as connection:
        files.reset(connection, library.ids[victim], stat_of(newcomer))
        files.set_edges(connection, library.ids[victim], b"the newcomer's")
    newcomer.unlink()

    assert library.undo(plan).status == "undone"

    row = library.row(victim)
    assert (row.status, row.edge_hash) == ("NEW", None)
    assert row.stat == stat_of(library.root / victim)


def test_nothing_is_deleted_unless_the_operator_allows_it(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("delete", victim, keeper))

    with pytest.raises(DeleteNotAllowedError):
        library.apply(plan, allow_delete=False)

    assert set(library.tree()) == {keeper, victim}
    assert library.outcomes(plan) == []


def test_a_deleted_file_is_named_as_beyond_undo(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("delete", victim, keeper))
    assert library.apply(plan).bytes_freed == len(FILM)
    assert set(library.tree()) == {keeper}

    report = library.undo(plan)

    assert (report.status, report.failed) == ("partial", 1)
    assert "deleted for good" in report.items[0].detail


def test_a_plan_that_is_not_the_stored_one_is_refused(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    (action,) = plan.actions
    forged = plan.model_copy(
        update={"actions": (action.model_copy(update={"to": "elsewhere.mp4"}),)}
    )

    with pytest.raises(DigestMismatchError):
        library.apply(forged)

    assert set(library.tree()) == {keeper, victim}


def test_a_stopped_apply_keeps_what_is_done_and_goes_on_when_called_again(
    library: Library,
) -> None:
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(3)]
    plan = library.plan(*(library.action("trash", victim, keeper) for victim in victims))
    stop = threading.Event()
    stop.set()

    assert library.apply(plan, stop=stop).status == "cancelled"
    assert library.states(plan) == ["planned"] * 3
    assert library.apply(plan).done == 3


def test_on_error_stop_leaves_the_rest_untouched(library: Library) -> None:
    keeper = library.add("k.mp4", FILM)
    victims = [library.add(f"v{n}.mp4", FILM) for n in range(3)]
    plan = library.plan(*(library.action("trash", victim, keeper) for victim in victims))
    (library.root / victims[1]).write_bytes(b"edited")

    report = library.apply(plan, on_error="stop")

    assert library.states(plan) == ["done", "skipped", "planned"]
    assert (report.status, report.done, report.skipped) == ("partial", 1, 1)


def test_keeping_a_file_does_nothing_to_it(library: Library) -> None:
    path = library.add("k.mp4", FILM)
    before = library.tree()
    plan = library.plan(library.action("keep", path))

    assert library.apply(plan).done == 1
    assert library.undo(plan).status == "undone"
    assert library.tree() == before
    assert library.outcomes(plan) == []


def test_the_same_actions_are_the_same_plan_until_it_is_applied(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    action = library.action("trash", victim, keeper)
    first, again = plans.save(library.db, (action,)), plans.save(library.db, (action,))
    assert (first.id, first.digest) == (again.id, again.digest)

    library.apply(plans.load(library.db, first.id))
    library.undo(plans.load(library.db, first.id))

    assert plans.save(library.db, (action,)).id != first.id
