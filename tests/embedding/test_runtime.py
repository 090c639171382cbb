"""The model that ships: what it promises of every embedding, and of a file that is not whole."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.embedding.calibration import VIEWS as ALL_VIEWS
from autodedup.engine.embedding.calibration import WHOLE, Rate
from autodedup.engine.embedding.crowding import FARTHEST, SHORTER
from autodedup.engine.embedding.model_file import CARD_NAME, FOLDER, read_model
from autodedup.engine.embedding.runtime import CopyModel, OnnxModel, load_model
from autodedup.engine.embedding.samples import drawn_films
from autodedup.engine.embedding.shapes import FULL, SMALL, VIEWS
from autodedup.engine.embedding.trials import TRIALS
from autodedup.engine.embedding.views import embed_views, likeness, squeezed
from autodedup.engine.errors import ModelUnavailableError

LIMIT_BYTES = 5_000_000


@pytest.fixture(scope="module")
def model() -> CopyModel:
    return load_model()


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    return np.concatenate([squeezed(film.frames) for film in drawn_films(6, 3)])


def test_every_view_has_128_numbers_of_a_length_that_says_how_rare_it_is(
    model: CopyModel, pictures: NDArray[np.uint8]
) -> None:
    found = model.embed(pictures)

    assert found.shape == (len(pictures), len(VIEWS), 128)
    assert found.dtype == np.float32
    lengths = np.linalg.norm(found, axis=2)
    least, most = np.exp(-SHORTER * FARTHEST), np.exp(SHORTER * FARTHEST)
    assert lengths.min() > least - 1e-5
    assert lengths.max() < most + 1e-5
    assert np.ptp(lengths) > 0.05


def test_a_picture_is_embedded_alike_alone_and_among_others(
    model: CopyModel, pictures: NDArray[np.uint8]
) -> None:
    many = np.concatenate([pictures] * 3)  # more than one batch

    together = model.embed(many)

    assert np.allclose(together[: len(pictures)], together[-len(pictures) :], atol=1e-5)
    for number in (0, len(pictures) - 1):
        assert np.allclose(
            model.embed(pictures[number : number + 1])[0], together[number], atol=1e-5
        )


def test_two_sessions_and_more_threads_give_the_same_embeddings(
    model: CopyModel, pictures: NDArray[np.uint8]
) -> None:
    other = load_model(threads=2)

    assert other.digest == model.digest
    assert np.allclose(other.embed(pictures), model.embed(pictures), atol=1e-5)


def test_no_picture_gives_no_embedding(model: CopyModel) -> None:
    assert model.embed(np.empty((0, 96, 160, 3), np.uint8)).shape == (0, len(VIEWS), 128)


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_no_mirror_and_no_quarter_turn_changes_the_embedding_of_a_whole(
    model: CopyModel, pictures: NDArray[np.uint8], quarter_turns: int, mirrored: bool
) -> None:
    laid = np.rot90(pictures[:, :, ::-1] if mirrored else pictures, quarter_turns, axes=(1, 2))

    changed = np.linalg.norm(model.embed(laid) - model.embed(pictures), axis=2)

    assert changed[:, [FULL, SMALL]].max() < 1e-4


@pytest.mark.parametrize(
    "trial", ["low quality", "crop, anywhere 70 %", "letterbox", "wide border"]
)
def test_an_edited_frame_is_nearer_to_its_original_than_to_any_stranger(
    model: CopyModel, trial: str
) -> None:
    films = list(drawn_films(8, 1))
    originals = embed_views(model, np.concatenate([squeezed(film.frames) for film in films]))
    rng = np.random.default_rng(3)

    edited = [squeezed(TRIALS[trial](film.frames, films[0].frames, rng)) for film in films]
    cosines = np.concatenate([likeness(embed_views(model, each), originals) for each in edited])

    assert (cosines.argmax(axis=1) == np.arange(len(films))).all()


@pytest.mark.parametrize("scale", [WHOLE, ALL_VIEWS])
def test_thresholds_rise_as_fewer_false_pairs_are_allowed(scale: dict[Rate, float]) -> None:
    cosines = list(scale.values())

    assert cosines == sorted(cosines)
    assert 0 < cosines[0] < cosines[-1] < 1


@pytest.mark.parametrize("shape", [(2, 96, 160), (2, 3, 96, 160), (2, 64, 64, 3)])
def test_pictures_of_another_shape_are_refused(model: CopyModel, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="SHAPES"):
        model.embed(np.zeros(shape, np.uint8))


def test_the_model_file_is_small_enough_for_the_wheel_and_named_after_its_content() -> None:
    file = read_model()

    assert len(file.content) < LIMIT_BYTES
    assert file.path.name == f"copy-{file.digest[:8]}.onnx"


def test_a_missing_model_is_reported_by_name(tmp_path: Path) -> None:
    shutil.copy(FOLDER / CARD_NAME, tmp_path)

    with pytest.raises(ModelUnavailableError, match=read_model().path.name) as raised:
        read_model(tmp_path)

    assert raised.value.code == "MODEL_UNAVAILABLE"


def test_a_model_with_one_bit_turned_is_refused(tmp_path: Path) -> None:
    file = read_model()
    shutil.copy(FOLDER / CARD_NAME, tmp_path)
    damaged = bytearray(file.content)
    damaged[len(damaged) // 2] ^= 1
    (tmp_path / file.path.name).write_bytes(damaged)

    with pytest.raises(ModelUnavailableError, match="damaged"):
        read_model(tmp_path)


@pytest.mark.parametrize("card", [None, "no card at all", '{"file": "x.onnx"}'])
def test_a_missing_or_unreadable_card_is_reported(tmp_path: Path, card: str | None) -> None:
    if card is not None:
        (tmp_path / CARD_NAME).write_text(card)

    with pytest.raises(ModelUnavailableError, match=CARD_NAME):
        read_model(tmp_path)


def test_a_file_that_is_whole_but_no_model_is_refused() -> None:
    from dataclasses import replace

    with pytest.raises(ModelUnavailableError, match="refused by onnxruntime"):
        OnnxModel(replace(read_model(), content=b"this is no model"))
