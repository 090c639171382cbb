"""A small generated data set, and the server scored on it as a client would."""

import json
import os
from pathlib import Path

import anyio
import pytest
from dataset_truth import read_manifest, true_pairs
from evaluate_media_dataset import Outcome, evaluate, report
from generate_media_dataset import Recipe, generate

RECIPE = Recipe(
    sources=2, seconds=10, seed=3, fps=12, edits=("exact-copy", "remux", "hevc", "trim", "mirror")
)


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set")
    generate(folder, RECIPE)
    return folder


@pytest.fixture(scope="module")
def outcome(media: Path) -> Outcome:
    async def work() -> Outcome:
        return await evaluate(media, profile="balanced", apply=True, flags=())

    return anyio.run(work)


def test_the_manifest_names_every_file_and_no_other(media: Path) -> None:
    lines = json.loads((media / "manifest.json").read_text(encoding="utf-8"))

    on_disk = {path.relative_to(media).as_posix() for path in media.rglob("*.m*") if path.is_file()}
    assert {line["file"] for line in lines} == on_disk - {"manifest.json"}
    assert {line["hard_negative_of"] for line in lines} >= {"shared-intro", "night", "s01"}
    assert {line["relation"] for line in lines} >= {"original", "mirror", "trim", "reversed"}


def test_a_family_of_six_has_fifteen_true_pairs(media: Path) -> None:
    assert len(true_pairs(read_manifest(media))) == 2 * 15


def test_one_seed_is_one_set(media: Path, tmp_path: Path) -> None:
    few = Recipe(sources=1, seconds=3, fps=8, seed=4, edits=("trim",), negatives=False)

    first, again = (generate(tmp_path / name, few) for name in ("first", "again"))

    assert first == again
    for entry in first:
        one, other = (tmp_path / name / entry.file for name in ("first", "again"))
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.slow
def test_every_copy_of_the_generated_set_is_found(outcome: Outcome) -> None:
    assert outcome.score.missed == (), report(outcome)


@pytest.mark.slow
def test_nothing_of_the_generated_set_is_taken_for_a_copy_and_is_none(outcome: Outcome) -> None:
    assert outcome.score.false == (), report(outcome)


@pytest.mark.slow
def test_only_takes_in_one_room_may_be_told_to_overlap_without_sharing_a_second(
    outcome: Outcome,
) -> None:
    # Nearly every pixel of such takes agrees; an overlap is shown and never acted upon.
    rooms = {Path(name).parent.name for pair in outcome.score.false_overlaps for name in pair}

    assert rooms <= {"static-camera"}, report(outcome)


@pytest.mark.slow
def test_the_seconds_told_of_the_generated_set_are_right(outcome: Outcome) -> None:
    right, checked = outcome.score.offsets

    assert checked > 0
    assert right == checked, report(outcome)


@pytest.mark.slow
def test_a_plan_for_the_generated_set_is_undone_without_a_trace(outcome: Outcome) -> None:
    assert outcome.undone is not None
    assert outcome.undone.moved > 0
    assert outcome.undone.not_back == ()


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.skipif("AUTODEDUP_CORPUS" not in os.environ, reason="needs AUTODEDUP_CORPUS")
def test_real_videos_are_found_and_every_file_is_back_after_the_undo() -> None:
    async def work() -> Outcome:
        folder = Path(os.environ["AUTODEDUP_CORPUS"])
        return await evaluate(folder, profile="balanced", apply=True, flags=())

    outcome = anyio.run(work)

    print(report(outcome))
    assert outcome.undone is not None
    assert outcome.undone.not_back == ()
    assert outcome.score.false == (), report(outcome)
    assert outcome.score.recall >= 0.93, report(outcome)
