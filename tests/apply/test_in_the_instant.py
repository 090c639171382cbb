"""Another program strikes between any two of our calls: nothing is lost or touched outside."""

from pathlib import Path

import pytest
from apply.boundaries import struck
from apply.deeds import DEEDS, NEWCOMER, edit_keeper
from apply.library import Library, seen
from apply.scenario import STEPS, Scenario

from autodedup.engine.apply.errand import PRIVATE

KINDS = [step for step in STEPS if step != "quarantine"]  # moves as trash does


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("step", KINDS)
def test_a_deed_at_any_boundary_loses_nothing(swift_path: Path, step: str, deed: str) -> None:
    instant, struck_once = 0, True
    while struck_once:
        instant += 1
        scenario = Scenario(swift_path / str(instant), (step,))
        struck_once = _apply_with_deed(scenario, step, deed, instant)
        scenario.library.db.close()
    assert instant > 4, "the wrapped calls were not met"


def _apply_with_deed(scenario: Scenario, step: str, deed: str, instant: int) -> bool:
    library = scenario.library
    decoy = library.outside / "decoy" / f"{step}.mp4"
    decoy.parent.mkdir()
    decoy.write_bytes(b"not part of the library")
    untouched = seen(decoy)
    wanted = {shown.content for shown in scenario.before.values()}
    struck_once, was_in_place = False, False
    left_the_library: set[Path] = set()
    shelves_outside = _files(library.outside)

    def strike(count: int) -> None:
        nonlocal struck_once, was_in_place
        _confirm_name_shows_no_strangers(scenario, step, deed)
        if count >= instant and not struck_once:
            struck_once = True
            was_in_place = _is_in_place(library, step)
            DEEDS[deed](library, step)
            if NEWCOMER in _contents(library.folder):
                wanted.add(NEWCOMER)
            elif deed == "replace_arrived":
                was_in_place = False  # nothing had arrived: nothing was done to stop us
            if DEEDS[deed] is edit_keeper:
                _forget_what_the_owner_edited(wanted, library.folder)
            left_the_library.update(_files(library.outside / "moved out"))
            shelves_outside.update(_files(library.outside))

    with scenario.world(), struck(strike):
        library.apply(scenario.plan)

    concerns = deed not in {"take_target", "move_shelf_out"} and (
        step != "organize" or "keeper" not in deed
    )
    if was_in_place and concerns:
        assert library.states(scenario.plan) == ["skipped"], f"done in spite of it at {instant}"
        if "keeper" in deed:
            assert _is_in_place(library, step), "it was let go before its keeper was looked at"
    left = _contents(library.folder)
    assert wanted <= left, f"lost at boundary {instant}"
    assert seen(decoy) == untouched
    assert left_the_library <= _files(library.outside / "moved out"), "taken from outside"
    put_outside = _files(library.outside) - shelves_outside
    assert all(path.parent.name == "moved out" for path in put_outside), "put outside"
    if deed not in {"take_target", "replace_arrived"}:
        assert not [path for path in _on_shelves(library) if path.read_bytes() == NEWCOMER]
    assert list(decoy.parent.iterdir()) == [decoy]
    assert not list(library.folder.rglob(f"{PRIVATE}*"))
    return struck_once


def _forget_what_the_owner_edited(wanted: set[bytes], folder: Path) -> None:
    """What the owner's own edit has destroyed is not ours to keep."""
    wanted &= _contents(folder)


def _confirm_name_shows_no_strangers(scenario: Scenario, step: str, deed: str) -> None:
    """A link may never lead, not for an instant, to what came in the place of the keeper."""
    place = scenario.library.root / f"d/{step}.mp4"
    if deed == "replace_keeper" and step in {"hardlink", "reflink"}:
        assert place.read_bytes() != NEWCOMER
    if deed == "edit_keeper" and step == "reflink":
        assert place.read_bytes() == scenario.before[f"d/{step}.mp4"].content


def _is_in_place(library: Library, step: str) -> bool:
    """Return whether the file still lies where the plan saw it, so that all can be stopped."""
    place = library.root / f"d/{step}.mp4"
    return place.exists() and place.lstat().st_ino == library.row(f"d/{step}.mp4").stat.inode


def _files(folder: Path) -> set[Path]:
    return {
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and not path.name.startswith(PRIVATE)
    }


def _on_shelves(library: Library) -> set[Path]:
    names = ("__TRASH_BIN__", "__QUARANTINE__", "Organized")
    return {path for name in names for path in _files(library.root / name)}


def _contents(folder: Path) -> set[bytes]:
    return {
        path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("state.db")
    }
