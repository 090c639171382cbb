"""Frames are kept in one blob a content and come back bit for bit, also those of older states."""

import contextlib
import tracemalloc
from importlib import resources
from pathlib import Path

import apsw
import numpy as np
import pytest
import sqlite_vec
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.embedding import shapes
from autodedup.engine.embedding.runtime import DIMENSIONS
from autodedup.engine.embedding.shapes import FULL
from autodedup.engine.errors import DatabaseDamagedError
from autodedup.engine.store import database, signatures
from autodedup.engine.store.database import APPLICATION_ID, Database, integer, migrations
from autodedup.engine.store.packing import Frames, packed, unpacked

VIEWS = 7
SHAPE = (len(shapes.VIEWS), DIMENSIONS)


def frames(count: int, seed: int = 1) -> Frames:
    chance = np.random.default_rng(seed)
    return Frames(
        times_seconds=np.sort(chance.random(count) * 100),
        quality=chance.random(count, dtype=np.float32),
        whashes=chance.integers(0, 1 << 64, count, dtype=np.uint64),
        hashes=chance.integers(0, 256, (count, VIEWS, 32), dtype=np.uint8),
    )


def assert_same(one: Frames, other: Frames) -> None:
    for name in ("times_seconds", "quality", "whashes", "hashes"):
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@given(count=st.integers(1, 40), seed=st.integers(0, 99))
def test_frames_come_back_as_they_were_put_in(count: int, seed: int) -> None:
    looked = frames(count, seed)
    assert_same(unpacked(packed(looked), count), looked)


def test_a_still_film_takes_little_room() -> None:
    one = frames(1)
    still = Frames(*(np.repeat(getattr(one, name), 100, axis=0) for name in Frames.__slots__))
    assert len(packed(still)) < 1000


@pytest.mark.parametrize("spoil", ["cut", "count", "junk"])
def test_a_damaged_blob_is_told_as_damage_of_the_database(spoil: str) -> None:
    blob = packed(frames(5))
    bad, count = {"cut": (blob[:-9], 5), "count": (blob, 6), "junk": (b"junk", 5)}[spoil]
    with pytest.raises(DatabaseDamagedError):
        unpacked(bad, count)


def test_a_state_with_a_row_a_frame_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    looked = {1: frames(12, 1), 2: frames(3, 2)}
    _old_state(path, looked)

    kept = signatures.frames(db := Database(path))

    assert kept.keys() == looked.keys()
    for number, of_content in kept.items():
        assert np.array_equal(of_content.hashes, looked[number].hashes)
        assert np.array_equal(of_content.times_seconds, looked[number].times_seconds)
        assert np.array_equal(of_content.quality, looked[number].quality)
    with db.read() as connection:
        assert integer(connection, "SELECT first FROM frames WHERE signature_id = 2") == 13
    assert db.schema_version() == len(migrations())


def test_a_state_from_before_frames_were_embedded_in_views_is_read_and_taken_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    looked = {1: frames(12, 1)}
    _old_state(path, looked)
    before = migrations()[:4]
    with monkeypatch.context() as older:
        older.setattr(database, "migrations", lambda: before)
        Database(path).close()

    with contextlib.closing(Database(path, read_only=True)) as read_only:
        assert read_only.schema_version() == 4
        kept = signatures.frames(read_only)[1]
    assert np.array_equal(kept.hashes, looked[1].hashes)
    assert not len(kept.embeddings)
    with contextlib.closing(Database(path)) as db:
        assert db.schema_version() == len(migrations())
        assert np.array_equal(signatures.frames(db)[1].hashes, looked[1].hashes)


def test_every_migration_has_a_number_of_its_own() -> None:
    folder = resources.files("autodedup.engine.store") / "migrations"
    numbers = sorted(int(item.name[:4]) for item in folder.iterdir() if item.name[0].isdigit())
    assert numbers == list(range(1, len(migrations()) + 1))


def test_frames_that_were_not_embedded_take_no_room_for_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    _old_state(path, {number: frames(50, number) for number in range(1, 21)})
    with contextlib.closing(Database(path)) as db:
        tracemalloc.start()
        kept = signatures.frames(db)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert kept[1].embeddings.shape == (0, *SHAPE)
    assert held < 20 * 50 * SHAPE[0] * SHAPE[1] / 2


def test_embedded_frames_come_back_in_their_places_among_those_that_were_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "state.db"
    _old_state(path, {number: frames(6, number) for number in range(1, 4)})
    with contextlib.closing(Database(path)) as db:
        rows = np.random.default_rng(7).integers(-128, 128, (2, *SHAPE)).astype(np.int8)
        with db.atomic() as connection:
            for place, row in zip((9, 18), rows, strict=True):  # of 2 the third, of 3 the last
                connection.execute(
                    "INSERT INTO frame_embeddings (rowid, embedding, views) "
                    "VALUES (?, vec_int8(?), ?)",
                    (place, row[FULL].tobytes(), row[FULL + 1 :].tobytes()),
                )
        for kept in (signatures.frames(db), signatures.frames(db, [2, 3])):
            assert np.array_equal(kept[2].embeddings, rows[:1])
            assert np.array_equal(kept[3].embeddings, rows[1:])
            assert (kept[2].embedded_places, kept[3].embedded_places) == ([2], [5])


def _old_state(path: Path, looked: dict[int, Frames]) -> None:
    """Write a state of schema version 2, in which every frame had a row."""
    connection = apsw.Connection(str(path))
    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    for script in migrations()[:2]:
        connection.execute(script)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 2")
    first = 1
    for number, of_content in looked.items():
        connection.execute(
            "INSERT INTO signatures (id, recipe, tiers, container, codec, width, height, rotation, "
            "seconds, video_streams, decoder, decoder_why, anchors, notes, made_at) "
            "VALUES (?, 'r', 't', 'mp4', 'h264', 2, 2, 0, 1.0, 1, 'pyav', 'w', x'', '[]', 0.0)",
            (number,),
        )
        rows = zip(
            range(first, first + len(of_content.quality)),
            of_content.times_seconds.tolist(),
            of_content.whashes.view(np.int64).tolist(),
            of_content.hashes,
            of_content.quality.tolist(),
            strict=True,
        )
        for place, moment, whash, hashes, quality in rows:
            connection.execute(
                "INSERT INTO frames (id, signature_id, timestamp_s, whash, hash, views, quality) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (place, number, moment, whash, hashes[0].tobytes(), hashes[1:].tobytes(), quality),
            )
        first += len(of_content.quality)
    connection.close()
