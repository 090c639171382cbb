"""What is kept of a content comes back as it was, from a state of an older version too."""

from pathlib import Path

import numpy as np
import pytest

from autodedup.engine.media.facts import DecodeRoute, MediaFacts
from autodedup.engine.signature.model import SetIn, Signature
from autodedup.engine.signature.recipe import RECIPE
from autodedup.engine.signature.views import VIEWS
from autodedup.engine.store import signatures
from autodedup.engine.store.database import Database

BARRED = Signature(
    recipe=RECIPE,
    facts=MediaFacts("mp4", "h264", 640, 360, 0, 6.0, 25.0, 900_000, None, None, None),
    route=DecodeRoute("pyav", "made up"),
    seen_seconds=6.0,
    shown_share=0.75,
    inset=SetIn(0.25, 4),
    times_seconds=np.arange(3.0),
    hashes=np.zeros((3, len(VIEWS), 32), np.uint8),
    quality=np.full(3, 0.5, np.float32),
    anchor_whashes=np.zeros(3, np.uint64),
)


@pytest.fixture
def kept(tmp_path: Path) -> Database:
    db = Database(tmp_path / "state.db")
    with db.atomic() as connection:
        signatures.add(connection, BARRED, "perceptual")
    return db


def test_a_signature_comes_back_as_it_was(kept: Database) -> None:
    (row,) = signatures.rows(kept).values()

    assert (row.facts, row.route, row.seconds) == (BARRED.facts, BARRED.route, 6.0)
    assert (row.shown_share, row.inset) == (0.75, SetIn(0.25, 4))


def test_of_a_content_signed_by_an_older_version_the_whole_frame_counts(kept: Database) -> None:
    with kept.atomic() as connection:
        connection.execute("UPDATE signatures SET shown_share = NULL, inset_share = NULL")

    (row,) = signatures.rows(kept).values()

    assert (row.shown_share, row.inset) == (1.0, None)


def test_a_state_of_the_last_version_can_be_read_without_being_changed(kept: Database) -> None:
    with kept.atomic() as connection:
        connection.execute("ALTER TABLE signatures DROP COLUMN shown_share")
        connection.execute("ALTER TABLE signatures DROP COLUMN inset_share")
        connection.execute("ALTER TABLE signatures DROP COLUMN inset_window")
        connection.execute("PRAGMA user_version = 6")
    kept.close()

    older = Database(kept.path, read_only=True)

    (row,) = signatures.rows(older).values()
    assert (row.shown_share, row.inset) == (1.0, None)
    assert older.schema_version() == 6
