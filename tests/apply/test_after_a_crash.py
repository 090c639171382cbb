"""After a crash the disk may also show what other programs did meanwhile: none of it is lost."""

from pathlib import Path

import pytest
from apply.boundaries import PowerCut, cut_at, struck
from apply.scenario import STEPS, Scenario

from autodedup.engine.apply.errand import PRIVATE

NEWCOMER = b"came after the crash"


def contents(folder: Path) -> set[bytes]:
    return {path.read_bytes() for path in folder.rglob("*") if path.is_file()}


DEEDS = (
    "a newcomer",
    "the keeper goes away",
    "the folder goes away",
    "a private name is taken over",
)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("step", STEPS)
def test_what_happened_between_crash_and_restart_costs_no_content(
    swift_path: Path, step: str, deed: str
) -> None:
    cuts = 0
    while True:
        scenario = Scenario(swift_path / str(cuts), (step,))
        library = scenario.library
        try:
            with scenario.world(), struck(cut_at(cuts + 1)):
                library.apply(scenario.plan)
        except PowerCut:
            cuts += 1
        else:
            break
        victim, keeper = library.root / f"d/{step}.mp4", library.root / f"keep/{step}.mp4"
        if deed == "a newcomer":
            if victim.exists():
                victim.rename(library.root / "taken along.mp4")
            victim.write_bytes(NEWCOMER)
        elif deed == "the keeper goes away":
            keeper.rename(library.outside / "keeper.mp4")
        elif deed == "the folder goes away":
            victim.parent.rename(library.outside / "d")
        else:
            for private in list(library.root.rglob(f"{PRIVATE}*")):
                private.rename(library.root / "taken along.mp4")
                private.write_bytes(NEWCOMER)
        there = contents(library.folder)

        with scenario.world():
            library.recover()

        assert contents(library.folder) >= {c for c in there if not _is_ours(c, scenario)}
        assert not list(library.root.rglob(f"{PRIVATE}*"))
        library.db.close()
    assert cuts >= 4


def test_a_move_whose_keeper_went_away_is_rolled_back(swift_path: Path) -> None:
    arrived = 0
    for cut in range(1, 40):
        scenario = Scenario(swift_path / str(cut), ("trash",))
        library = scenario.library
        try:
            with struck(cut_at(cut)):
                library.apply(scenario.plan)
        except PowerCut:
            pass
        else:
            break
        arrived += (library.root / "__TRASH_BIN__/d/trash.mp4").exists()
        (library.root / "keep/trash.mp4").unlink()

        library.recover()

        assert set(library.tree()) == {"d/trash.mp4"}, "the last copy lies in the trash"
        library.db.close()
    assert arrived


def _is_ours(content: bytes, scenario: Scenario) -> bool:
    """Return whether these bytes are an unfinished copy or the database, not a user's file."""
    users = {shown.content for shown in scenario.before.values()} | {NEWCOMER}
    return content not in users


def test_recovery_says_what_it_did(swift_path: Path) -> None:
    scenario = Scenario(swift_path, ("trash",))
    with pytest.raises(PowerCut), struck(cut_at(1)):
        scenario.library.apply(scenario.plan)

    (recovered,) = scenario.library.recover()

    assert (recovered.plan, recovered.n, recovered.outcome) == ("p1", 1, "rolled_back")
    assert recovered.path == "d/trash.mp4"
    assert scenario.library.recover() == ()
    scenario.library.db.close()


def test_a_file_that_is_gone_from_both_places_is_reported_not_invented(swift_path: Path) -> None:
    scenario = Scenario(swift_path, ("trash",))
    library = scenario.library
    with pytest.raises(PowerCut), struck(cut_at(1)):
        library.apply(scenario.plan)
    (library.root / "d/trash.mp4").unlink()

    (recovered,) = library.recover()

    assert recovered.outcome == "failed"
    assert [item.code for item in library.apply(scenario.plan).items] == ["FILE_VANISHED"]
    library.db.close()
