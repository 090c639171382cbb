"""The copy tier in an ingest: computed once, by one model, and no loss where it cannot be."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest
from conftest import ingest

from autodedup.engine.embedding.shapes import FULL
from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.signature.copy import copy_state
from autodedup.engine.signature.quality import FAINT
from autodedup.engine.store import signatures
from autodedup.engine.store.database import Database, integer
from autodedup.engine.workbench import Workbench
from autodedup.schemas.preflight import PreflightArguments

OpenBench = Callable[..., Workbench]


def state(root: Path) -> Database:
    return open_library(Settings(root=(root,)), root / ".autodedup" / "state.db")[0]


def embedding_recipes(root: Path) -> set[str | None]:
    return {row.embedding_recipe for row in signatures.rows(state(root)).values()}


def test_frames_with_something_to_see_are_stored_with_their_embeddings(library: Path) -> None:
    assert embedding_recipes(library) == {copy_state().recipe}
    for frames in signatures.frames(state(library)).values():
        length = np.linalg.norm(frames.embeddings[:, FULL].astype(np.float32), axis=1)
        assert (length > 200).all()
        assert (frames.quality[frames.embedded_places] >= FAINT).all()
        # A few a second, and one at least where nothing moves.
        embedded, worth = frames.times_seconds[frames.embedded_places], frames.quality >= FAINT
        assert all(np.abs(embedded - moment).min() < 1 for moment in frames.times_seconds[worth])
        assert np.diff(embedded).min() > 0.2


def test_embeddings_go_with_their_signature(library: Path, open_bench: OpenBench) -> None:
    ingest(open_bench(library), force=True)
    with state(library).read() as connection:
        kept = integer(connection, "SELECT count(*) FROM frame_embeddings")
    held = signatures.frames(state(library)).values()
    embedded = sum(int(frames.embeddings[:, FULL].any(axis=1).sum()) for frames in held)
    assert kept == embedded > 0


def test_an_ingest_without_the_tier_embeds_nothing_and_a_later_one_makes_up_for_it(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    bench = open_bench(fresh_library)
    ingest(bench, tiers=["exact", "perceptual"])
    assert embedding_recipes(fresh_library) == {None}

    assert ingest(bench).route.pyav == 10
    assert embedding_recipes(fresh_library) == {copy_state().recipe}
    assert ingest(bench).processed == 0


def test_what_has_embeddings_keeps_them_when_the_tier_is_left_out(
    library: Path, open_bench: OpenBench
) -> None:
    assert ingest(open_bench(library), tiers=["exact", "perceptual"]).processed == 0
    assert embedding_recipes(library) == {copy_state().recipe}


def test_another_model_embeds_everything_anew(library: Path, open_bench: OpenBench) -> None:
    with apsw.Connection(str(library / ".autodedup" / "state.db")) as connection:
        connection.execute("UPDATE signatures SET embedding_recipe = 'copy1[0000000000000000]'")

    assert ingest(open_bench(library)).route.pyav == 10
    assert embedding_recipes(library) == {copy_state().recipe}


def test_a_copy_of_a_file_that_was_not_embedded_is_embedded_all_the_same(
    fresh_library: Path, open_bench: OpenBench
) -> None:
    bench = open_bench(fresh_library)
    ingest(bench, tiers=["exact", "perceptual"])
    (fresh_library / "new").mkdir()
    shutil.copyfile(fresh_library / "camera/garden.mp4", fresh_library / "new/garden.mp4")

    assert ingest(bench, paths=["new"]).route.pyav == 1


def test_without_onnxruntime_every_other_tier_works_and_the_answer_says_so(
    fresh_library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    bench = open_bench(fresh_library)

    answer = ingest(bench)

    assert answer.processed == 11
    assert any("copy tier was left out" in note for note in answer.notes)
    assert embedding_recipes(fresh_library) == {None}
    assert ingest(bench).processed == 0


@pytest.mark.parametrize("tiers", [["copy"], ["exact", "copy"]])
def test_who_asks_for_nothing_else_is_told_that_the_model_is_unavailable(
    fresh_library: Path,
    open_bench: OpenBench,
    monkeypatch: pytest.MonkeyPatch,
    tiers: list[str],
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ModelUnavailableError):
        ingest(open_bench(fresh_library), tiers=tiers)


def test_preflight_tells_whether_copies_can_be_embedded(
    library: Path, open_bench: OpenBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = open_bench(library)
    with_model = bench.preflight(PreflightArguments())
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    without = bench.preflight(PreflightArguments())

    assert with_model.engine.copy_detection.available
    assert with_model.engine.copy_detection.model in with_model.engine.copy_detection.why
    assert {c.name: c.status for c in with_model.checks}["model"] == "pass"
    assert not without.engine.copy_detection.available
    assert "onnxruntime" in without.engine.copy_detection.why
    assert {c.name: c.status for c in without.checks}["model"] == "warn"
    assert without.ready
