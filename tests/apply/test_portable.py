"""Where the system offers less, the promises are kept by other means, and the journal says so."""

import os
from pathlib import Path

import pytest
from apply.boundaries import PowerCut, cut_at, struck
from apply.library import Library
from apply.scenario import Scenario

from autodedup.engine.apply import places, renames
from autodedup.engine.apply.portable import PathFolder
from autodedup.engine.store import journal
from autodedup.schemas.plan import Plan

FILM = b"picture and sound"


@pytest.fixture
def by_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold folders by their paths."""
    monkeypatch.setattr(places, "BEST_KIND", PathFolder)


@pytest.fixture
def by_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rename by linking and unlinking, as without renameat2."""
    monkeypatch.setattr(renames, "system_rename", lambda: None)


def means(library: Library, plan: Plan) -> list[str]:
    entries = journal.entries_of(library.db, int(plan.id[1:]))
    return [entry.report.how for entry in entries if entry.report]


def test_the_journal_says_by_what_means_a_file_was_moved(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    assert means(library, plan) == ["renameat2, descriptors"]


@pytest.mark.usefixtures("by_paths", "by_links")
def test_the_journal_says_so_when_less_is_offered(library: Library) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    library.apply(plan)
    assert means(library, plan) == ["link+unlink, paths"]


@pytest.mark.usefixtures("by_paths")
def test_every_kind_of_step_is_done_and_undone_by_paths(swift_path: Path) -> None:
    scenario = Scenario(swift_path)
    with scenario.world():
        assert scenario.library.apply(scenario.plan).status == "applied"
        scenario.check()
        scenario.library.undo(scenario.plan)
    scenario.check()
    scenario.library.db.close()


@pytest.mark.parametrize("step", ["trash", "organize", "delete"])
@pytest.mark.usefixtures("by_paths", "by_links")
def test_a_power_cut_between_link_and_unlink_is_recovered(swift_path: Path, step: str) -> None:
    cuts = 0
    while True:
        scenario = Scenario(swift_path / str(cuts), (step,))
        try:
            with struck(cut_at(cuts + 1)):
                scenario.library.apply(scenario.plan)
        except PowerCut:
            cuts += 1
        else:
            break
        scenario.library.recover()
        scenario.check()
        assert scenario.library.apply(scenario.plan).status == "applied"
        scenario.check()
        scenario.library.db.close()
    assert cuts >= 4


@pytest.mark.usefixtures("by_paths")
@pytest.mark.parametrize("which", ["d", "__TRASH_BIN__"])
def test_a_folder_that_is_a_link_leads_nowhere_by_paths_either(
    library: Library, which: str
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("d/v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    if (library.root / which).exists():
        (library.root / which).rename(library.outside / which)
    else:
        (library.outside / which).mkdir()
    (library.root / which).symlink_to(library.outside / which)
    before = sorted(library.outside.rglob("*"))

    assert library.apply(plan).done == 0
    assert sorted(library.outside.rglob("*")) == before


@pytest.mark.usefixtures("by_links")
def test_a_name_is_not_overwritten_by_links_either(library: Library) -> None:
    library.add("__TRASH_BIN__/v.mp4", b"in the way")
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)

    assert library.apply(library.plan(library.action("trash", victim, keeper))).done == 1
    assert library.tree()["__TRASH_BIN__/v.mp4"].content == b"in the way"
    assert library.tree()["__TRASH_BIN__/v (2).mp4"].content == FILM


@pytest.mark.usefixtures("by_links")
def test_a_newcomer_between_link_and_unlink_keeps_its_name(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, victim = library.add("k.mp4", FILM), library.add("v.mp4", FILM)
    plan = library.plan(library.action("trash", victim, keeper))
    link = os.link

    def link_then_newcomer(*args: object, **kwargs: object) -> None:
        link(*args, **kwargs)
        (library.root / "new.mp4").write_bytes(b"a newcomer")
        (library.root / "new.mp4").replace(library.root / victim)

    monkeypatch.setattr(os, "link", link_then_newcomer)
    library.apply(plan)

    contents = {path: seen.content for path, seen in library.tree().items()}
    assert contents == {keeper: FILM, victim: b"a newcomer", f"__TRASH_BIN__/{victim}": FILM}
