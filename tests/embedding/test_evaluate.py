"""The measuring script measures what it says."""

import wave
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autodedup.engine.embedding.evaluate import METHODS, Scores, looked_at, measure
from autodedup.engine.embedding.evaluate_pairs import agree, count
from autodedup.engine.embedding.evaluate_pairs import table as pair_table
from autodedup.engine.embedding.figures import curve, figures, table
from autodedup.engine.embedding.pictures import draw
from autodedup.engine.embedding.runtime import load_model
from autodedup.engine.embedding.samples import drawn_films, films_in
from autodedup.engine.embedding.trials import TRIALS


def test_a_threshold_lets_no_more_strangers_through_than_allowed() -> None:
    strangers = np.random.default_rng(1).random(10_000).astype(np.float32)
    scores = Scores(true={"edit": np.array([0.2, 2.0], np.float32)}, false=strangers)

    assert (strangers > scores.threshold(1e-3)).sum() == 10
    assert scores.found("edit", 1e-3) == 0.5


def test_frames_of_a_film_that_lent_its_pictures_are_no_strangers() -> None:
    films = list(drawn_films(4, 2))

    measured = measure(films, load_model(), {"over": TRIALS["another picture over it"]})

    # Eight frames, each with the four of the two films it has nothing to do with.
    assert len(measured["network, whole"].false) == 32


def test_what_holds_no_film_is_passed_over(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "sound.mp4"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        sound.writeframes(bytes(16_000))
    (tmp_path / "broken.mp4").write_bytes(b"nothing")

    assert list(films_in(tmp_path, 3)) == []


def test_turns_are_found_by_the_network_and_by_the_hash_only_with_its_views() -> None:
    films = list(drawn_films(5, 2))

    measured = measure(films, load_model(), {"quarter turn": TRIALS["quarter turn"]})

    found = {name: scores.found("quarter turn", 1e-2) for name, scores in measured.items()}
    assert (
        found["network, whole"]
        == found["network, all views, int8"]
        == found["hash, all views"]
        == 1
    )
    assert found["hash"] == 0


def test_table_curve_and_card_tell_every_edit_and_every_method() -> None:
    chosen = {name: TRIALS[name] for name in ("logo", "grey")}
    measured = {"drawn films": measure(list(drawn_films(3, 2)), load_model(), chosen)}

    text = table(measured, (1e-2,))
    drawing = ET.fromstring(curve({"drawn films": measured["drawn films"]["network, whole"]}))  # noqa: S314  # our own
    rows = figures(measured)

    assert "| logo | " in text
    assert "hash, all views" in text
    assert drawing.tag.endswith("svg")
    assert [row.edit for row in rows] == ["logo", "grey"]
    assert set(rows[0].found) == set(METHODS)


@pytest.mark.parametrize("name", list(TRIALS))
def test_every_trial_changes_the_frames_and_keeps_their_number(name: str) -> None:
    film, other = drawn_films(2, 1)

    edited = TRIALS[name](film.frames, other.frames, np.random.default_rng(1))

    assert edited.dtype == np.uint8
    assert len(edited) == len(film.frames)
    assert edited.shape != film.frames.shape or not np.array_equal(edited, film.frames)


def test_drawn_pictures_repeat_with_their_seed_and_differ_with_another() -> None:
    first = draw((1, 2), 64)

    assert first.shape == (64, 64, 3)
    assert np.array_equal(first, draw((1, 2), 64))
    assert not np.array_equal(first, draw((1, 3), 64))


def test_frames_agree_when_enough_of_them_lie_on_one_line_of_time() -> None:
    copy, reversed_copy, chance = (np.zeros((10, 12), dtype=bool) for _ in range(3))
    copy[np.arange(10), np.arange(10) + 2] = True
    reversed_copy[np.arange(10), 9 - np.arange(10)] = True
    chance[[0, 7], [0, 7]] = True

    assert agree(copy)
    assert not agree(reversed_copy)
    assert not agree(chance)


def test_pairs_of_films_are_counted_as_found_and_as_false() -> None:
    films = [film.frames for film in drawn_films(2, 5)]
    model = load_model()
    kept = [("a", films[0]), ("a", TRIALS["grey"](films[0], films[1], np.random.default_rng(1)))]
    looks = [(source, looked_at([frames], model)) for source, frames in (*kept, ("b", films[1]))]

    strict, lax = count(looks, "network, whole", METHODS["network, whole"], (0.7, -2.0))

    assert (strict.found, strict.true, strict.false) == (1, 1, 0)
    assert (lax.found, lax.false) == (1, 2)
    assert "| network, whole | 0.70 | 1.000 | 1 | 0 |" in pair_table([strict])
