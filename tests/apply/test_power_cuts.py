"""The machine may stop between any two calls: after the next start every file is in one place."""

from pathlib import Path

import pytest
from apply.boundaries import PowerCut, cut_at, struck
from apply.scenario import STEPS, Scenario

from autodedup.engine.errors import ApplyUnfinishedError


def test_without_a_power_cut_every_kind_of_step_is_done_and_undone(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path)
    with scenario.world():
        assert scenario.library.apply(scenario.plan).status == "applied"
        scenario.check()
        report = scenario.library.undo(scenario.plan)
    assert [item.action for item in report.items] == ["delete"]
    scenario.check()
    assert set(scenario.library.states(scenario.plan)) == {"undone", "done"}


@pytest.mark.parametrize("step", STEPS)
def test_a_power_cut_at_any_boundary_of_an_apply_is_recovered(swift_path: Path, step: str) -> None:
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
        with scenario.world():
            library.recover()
            scenario.check()
            assert library.apply(scenario.plan).status == "applied"
        scenario.check()
        library.db.close()
    assert cuts >= 4, "the wrapped calls were not met"


@pytest.mark.parametrize("step", [step for step in STEPS if step not in {"delete", "reflink"}])
def test_a_power_cut_at_any_boundary_of_an_undo_is_recovered(swift_path: Path, step: str) -> None:
    cuts = 0
    while True:
        scenario = Scenario(swift_path / str(cuts), (step,))
        library = scenario.library
        with scenario.world():
            library.apply(scenario.plan)
        try:
            with scenario.world(), struck(cut_at(cuts + 1)):
                library.undo(scenario.plan)
        except PowerCut:
            cuts += 1
        else:
            break
        with scenario.world():
            library.recover()
            scenario.check()
            assert library.undo(scenario.plan).status == "undone"
        scenario.check()
        assert library.tree() == scenario.before
        library.db.close()
    assert cuts >= 4, "the wrapped calls were not met"


@pytest.mark.parametrize("step", ["trash", "across", "hardlink"])
def test_a_power_cut_during_recovery_is_recovered_too(swift_path: Path, step: str) -> None:
    met = 0
    for cut in range(1, 40):
        for second in (1, 2, 3):
            scenario = Scenario(swift_path / f"{cut}-{second}", (step,))
            library = scenario.library
            with scenario.world():
                try:
                    with struck(cut_at(cut)):
                        library.apply(scenario.plan)
                except PowerCut:
                    pass
                else:
                    library.db.close()
                    assert met
                    return
                try:
                    with struck(cut_at(second)):
                        library.recover()
                except PowerCut:
                    met += 1
                library.recover()
            scenario.check()
            library.db.close()


def test_nothing_new_is_started_while_a_step_is_open(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, ("trash",))
    with pytest.raises(PowerCut), struck(cut_at(1)):
        scenario.library.apply(scenario.plan)

    for start in (scenario.library.apply, scenario.library.undo):
        with pytest.raises(ApplyUnfinishedError):
            start(scenario.plan)


def test_recovery_waits_while_the_disk_is_not_mounted(tmp_path: Path) -> None:
    scenario = Scenario(tmp_path, ("trash",))
    library = scenario.library
    with pytest.raises(PowerCut), struck(cut_at(9)):
        library.apply(scenario.plan)
    mounted = library.root.rename(library.folder / "unplugged")

    with pytest.raises(ApplyUnfinishedError):
        library.recover()
    library.root.mkdir()  # the bare mount point
    with pytest.raises(ApplyUnfinishedError):
        library.recover()

    library.root.rmdir()
    mounted.rename(library.root)
    assert library.recover()
    scenario.check()
