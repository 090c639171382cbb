"""What frames mean is kept by model, and never mixed with what they mean to another."""

from pathlib import Path

import apsw
import numpy as np
import pytest

from autodedup.engine.semantic.vectors import Meanings
from autodedup.engine.store import meanings, signatures
from autodedup.engine.store.database import Database, integer


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database(tmp_path / "state.db", busy_timeout_s=1.0)


def content(connection: apsw.Connection) -> int:
    connection.execute(
        "INSERT INTO signatures (recipe, tiers, container, codec, width, height, rotation, "
        "seconds, video_streams, decoder, decoder_why, anchors, notes, made_at) "
        "VALUES ('r', 'perceptual', 'mov', 'h264', 2, 2, 0, 1.0, 1, 'pyav', '', x'', '[]', 0)"
    )
    return connection.last_insert_rowid()


def said(recipe: str, dimensions: int, seed: int = 1) -> Meanings:
    rows = np.random.default_rng(seed).normal(size=(3, dimensions)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Meanings(recipe, np.array([0.5, 1.5, 2.5]), rows)


def test_meanings_come_back_as_they_were_stored(db: Database) -> None:
    told = said("one", 32)
    with db.atomic() as connection:
        number = content(connection)
        meanings.add(connection, number, told)
    found = meanings.all_of(db)[number]
    assert found.recipe == "one"
    np.testing.assert_array_equal(found.rows, told.rows)
    np.testing.assert_array_equal(found.times_seconds, told.times_seconds)


def test_another_model_has_a_table_of_its_own_and_takes_the_place_of_the_first(
    db: Database,
) -> None:
    with db.atomic() as connection:
        number, other = content(connection), content(connection)
        meanings.add(connection, number, said("one", 32))
        meanings.add(connection, other, said("one", 32, seed=2))
        meanings.add(connection, number, said("two", 48))
    assert meanings.with_recipe(db, "one") == {other}
    assert meanings.with_recipe(db, "two") == {number}
    assert meanings.all_of(db)[number].rows.shape == (3, 48)


def test_a_forgotten_content_leaves_no_vector_behind(db: Database) -> None:
    with db.atomic() as connection:
        meanings.add(connection, content(connection), said("one", 32))
        signatures.prune(connection)
        assert integer(connection, "SELECT count(*) FROM meanings_1") == 0
        assert integer(connection, "SELECT count(*) FROM meaning_frames") == 0
