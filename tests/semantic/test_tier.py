"""The semantic tier in an ingest and a search: real open_clip, a tiny model from a local file."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENT, ingest, let_go_of
from tiny_model import TinyModel, make_tiny

from autodedup.engine.errors import ModelUnavailableError
from autodedup.engine.opening import open_library
from autodedup.engine.settings import Settings
from autodedup.engine.store import meanings
from autodedup.engine.store.database import Database
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.schemas.preflight import PreflightArguments

OpenBench = Callable[..., Workbench]


def state(root: Path) -> Database:
    return open_library(Settings(root=(root,)), root / ".autodedup" / "state.db")[0]


@pytest.fixture(scope="module")
def meant(ingested: Path, tiny: TinyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small library with the semantic tier; not to be written to."""
    folder = tmp_path_factory.mktemp("meant") / "library"
    shutil.copytree(ingested, folder)
    bench = Workbench(Settings.model_validate({"root": (folder,), **tiny.settings()}))
    assert ingest(bench, tiers=["exact", "perceptual", "copy", "semantic"]).status == "complete"
    bench.close()
    let_go_of(folder)
    return folder


@pytest.fixture
def library(meant: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    shutil.copytree(meant, folder)
    return folder


def test_every_signed_film_has_vectors_of_unit_length_by_the_named_model(library: Path) -> None:
    found = meanings.all_of(state(library))
    assert len(found) == 10
    for said in found.values():
        assert said.recipe.startswith("meaning1[tiny ")
        assert said.rows.shape[1] == 32
        np.testing.assert_allclose(np.linalg.norm(said.rows, axis=1), 1.0, atol=1e-3)
        assert (np.diff(said.times_seconds) > 0).all()


def test_an_unchanged_library_is_not_embedded_again(
    library: Path, tiny: TinyModel, open_bench: OpenBench
) -> None:
    before = {key: said.rows.copy() for key, said in meanings.all_of(state(library)).items()}
    for video in library.rglob("*.mp4"):
        video.chmod(0)  # nothing may be opened for it
    ingest(open_bench(library, **tiny.settings()), tiers=["semantic"])
    after = meanings.all_of(state(library))
    assert before.keys() == after.keys()


def test_other_weights_embed_anew_and_are_never_mixed_with_the_first(
    library: Path, tmp_path: Path, open_bench: OpenBench
) -> None:
    first = {said.recipe for said in meanings.all_of(state(library)).values()}
    other = make_tiny(tmp_path / "other", "tiny", seed=1, dimensions=48)
    ingest(open_bench(library, **other.settings()), tiers=["semantic"])
    found = meanings.all_of(state(library))
    assert {said.recipe for said in found.values()}.isdisjoint(first)
    assert {said.rows.shape[1] for said in found.values()} == {48}


def test_what_is_alike_in_meaning_only_is_shown_and_never_acted_upon(
    library: Path, tiny: TinyModel, open_bench: OpenBench
) -> None:
    bench = open_bench(library, semantic_cosine=0.01, **tiny.settings())
    asked = FindArguments(kinds=("exact", "same_stream", "near", "contains", "overlap", "semantic"))
    answer = bench.find_duplicates(asked, PATIENT)
    groups = [group for group in answer.groups if group.kind == "semantic"]
    assert groups  # an untrained model finds everything alike
    assert all(group.reclaimable_bytes == 0 for group in groups)
    member = groups[0].files[1]
    assert member.relation == "semantic"
    assert member.evidence is not None
    assert member.evidence.likeness is not None
    plan = bench.plan_actions(PlanArguments(groups=(groups[0].id,)))
    assert all(action.action == "keep" for action in plan.actions)


def test_a_pair_that_is_a_copy_is_not_called_alike_as_well(
    library: Path, tiny: TinyModel, open_bench: OpenBench
) -> None:
    bench = open_bench(library, semantic_cosine=0.01, **tiny.settings())
    near = bench.find_duplicates(FindArguments(kinds=("near", "contains", "overlap")), PATIENT)
    alike = bench.find_duplicates(FindArguments(kinds=("semantic",)), PATIENT)
    copies = {
        frozenset((group.keep, file.id))
        for group in near.groups
        for file in group.files
        if file.id != group.keep
    }
    meant_pairs = {
        frozenset((group.keep, file.id))
        for group in alike.groups
        for file in group.files
        if file.id != group.keep
    }
    assert copies
    assert copies.isdisjoint(meant_pairs)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "--semantic-weights"),
        ({"semantic_weights": "/nowhere/ViT-B-32.pt"}, "/nowhere/ViT-B-32.pt"),
    ],
)
def test_without_weights_it_is_said_which_file_to_put_where_and_every_other_tier_works(
    fresh_library: Path, open_bench: OpenBench, settings: dict[str, object], said: str
) -> None:
    bench = open_bench(fresh_library, **settings)
    with pytest.raises(ModelUnavailableError) as raised:
        ingest(bench, tiers=["exact", "semantic"])
    assert said in f"{raised.value.message} {raised.value.hint}"
    semantic = bench.preflight(PreflightArguments()).engine.semantic
    assert not semantic.available
    assert said in semantic.why
    assert ingest(bench, tiers=["exact"]).status == "complete"


def test_weights_of_another_model_are_refused_before_anything_is_read(
    fresh_library: Path, tiny: TinyModel, tmp_path: Path, open_bench: OpenBench
) -> None:
    other = make_tiny(tmp_path / "other", "wide", dimensions=48)
    settings = {**tiny.settings(), "semantic_weights": str(other.weights)}
    with pytest.raises(ModelUnavailableError, match=r"wide\.pt"):
        ingest(open_bench(fresh_library, **settings), tiers=["exact", "semantic"])


def test_preflight_names_the_model_that_will_be_used(
    library: Path, tiny: TinyModel, open_bench: OpenBench
) -> None:
    semantic = (
        open_bench(library, **tiny.settings()).preflight(PreflightArguments()).engine.semantic
    )
    assert semantic.available
    assert "tiny.pt" in semantic.why
