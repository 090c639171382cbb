"""Looking up frames among very many: what is found does not depend on how much there is."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from match_films import Edit, clip, film, flattened

from autodedup.engine.match import search
from autodedup.engine.match.candidates import find_candidates
from autodedup.engine.match.frames import frame_table
from autodedup.engine.match.keys import BETWEEN, chunks, ranked
from autodedup.engine.match.looks import paired_distances
from autodedup.engine.match.memory import SearchMemory
from autodedup.engine.match.model import Clip
from autodedup.engine.match.search import Hits, similar_frames
from autodedup.engine.signature.views import TURNS, turned

NEAR_BITS = 70
Rows = set[tuple[int, int, int, int]]


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small libraries are searched as large ones are."""
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)
    monkeypatch.setattr(search, "EXACT_PRODUCTS_OF_ONE", 0)


def hits(clips: Sequence[Clip], like: int | None = None) -> Hits:
    return similar_frames(
        frame_table(clips), NEAR_BITS, like=like, stop=threading.Event(), report=lambda _: None
    )


def rows(found: Hits) -> Rows:
    columns = (found.whole, found.viewed, found.view, found.turn)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def pairs(clips: Sequence[Clip], like: int | None = None) -> set[tuple[int, int]]:
    found = find_candidates(clips, NEAR_BITS, stop=threading.Event(), like=like)
    return {(c.a, c.b) for c in found.pairs}


def some_library() -> list[Clip]:
    """Six films; copies of the first ones: plain, turned, cropped, trimmed."""
    clips = [clip(n, film(n), 60.0) for n in range(6)]
    edits = (Edit(noise=0.3), Edit(turn="mirror"), Edit(turn="turn90"), Edit(crop="crop80"))
    clips += [clip(10 + n, film(n), 60.0, edit) for n, edit in enumerate(edits)]
    return [*clips, clip(20, film(4), 20.0, Edit(start=15.25))]


@pytest.mark.parametrize("width", [12, 17, 24])
def test_a_key_is_the_same_for_every_turn_of_a_picture(width: int) -> None:
    hashes = np.random.default_rng(1).integers(0, 256, (500, 32), dtype=np.uint8)
    for chunk in chunks(width, 99):
        upright = chunk.canonical(hashes)
        for number, turn in enumerate(TURNS):
            keys = chunk.canonical(turned(hashes, turn))
            assert (keys >> 3 == upright >> 3).all()
            told = BETWEEN[upright & 7, keys & 7]
            # A chunk may look the same turned; such a frame is found by another chunk.
            assert (told == number).mean() > 0.9


def test_the_chunks_cover_the_hash_without_sharing_a_bit() -> None:
    cut = chunks(16, 99)
    owned = np.zeros(256, dtype=int)
    for chunk in cut:
        for byte, adds in chunk.lookup:
            owned[8 * byte : 8 * byte + 8] += adds[1 << np.arange(7, -1, -1)] > 0
    assert owned.max() == 1
    assert owned.sum() >= 256 - 16


def test_a_large_library_is_searched_as_well_as_a_small_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clips = some_library()
    exact = rows(hits(clips))
    copies = pairs(clips)
    monkeypatch.setattr(search, "EXACT_PRODUCTS", 0)

    found = rows(hits(clips))

    assert found <= exact
    assert len(found) > 0.5 * len(exact)
    assert pairs(clips) >= {(0, 6), (1, 7), (2, 8), (3, 9), (4, 10)}
    assert copies >= pairs(clips)


@pytest.mark.usefixtures("indexed")
def test_what_is_called_alike_is_near_under_the_turn_and_view_it_is_told_with() -> None:
    clips = some_library()
    table = frame_table(clips)
    found = hits(clips)
    for turn, name in enumerate(TURNS):
        mine = found.turn == turn
        whole = turned(table.hashes[found.whole[mine], 0], name)
        viewed = table.hashes[found.viewed[mine], found.view[mine]]
        assert (paired_distances(whole, viewed) <= NEAR_BITS).all()


@pytest.mark.usefixtures("indexed")
def test_one_clip_is_looked_up_as_it_is_among_all() -> None:
    clips = some_library()
    owner = frame_table(clips).owner
    everything = rows(hits(clips))
    for place in range(len(clips)):
        own = {row for row in everything if place in (owner[row[0]], owner[row[1]])}
        assert rows(hits(clips, like=place)) == own


def with_a_card(films: int) -> list[Clip]:
    """Return films that begin with one card, and a copy of the film 7."""
    card = clip(999, film(1000), 2.0).hashes[:1]
    clips = [clip(n, film(n), 12.0) for n in range(films)]
    for own in clips:
        own.hashes[:2] = card
    return [*clips, clip(500, film(7), 12.0, Edit(noise=0.1))]


@pytest.mark.usefixtures("indexed")
def test_one_clip_asks_of_a_crowd_what_it_does_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "CROWDS", (4,))
    clips = with_a_card(30)
    owner = frame_table(clips).owner
    everything = rows(hits(clips))
    for place in range(len(clips)):
        own = {row for row in everything if place in (owner[row[0]], owner[row[1]])}
        assert rows(hits(clips, like=place)) == own


@pytest.mark.usefixtures("indexed")
def test_one_clip_is_not_looked_at_beside_all_that_share_its_card() -> None:
    clips = with_a_card(60)

    assert pairs(clips, like=3) == set()
    assert pairs(clips, like=7) == {(7, 60)}


@pytest.mark.usefixtures("indexed")
def test_a_frame_that_is_everywhere_costs_no_square_and_weighs_little(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(search, "CROWDS", (16,))
    monkeypatch.setattr(search, "ENOUGH", 24)
    clips = with_a_card(150)

    found = hits(clips)
    of_card = (
        np.bincount(found.whole, minlength=1)
        + np.bincount(found.viewed, minlength=len(np.bincount(found.whole)))[
            : len(np.bincount(found.whole))
        ]
    )

    assert of_card.max() < 150
    assert pairs(clips) == {(7, 150)}


@pytest.mark.usefixtures("indexed")
def test_black_frames_are_not_looked_up() -> None:
    clips = [flattened(clip(n, film(1), 6.0), until=10.0) for n in range(3)]

    assert rows(hits(clips)) == set()


@pytest.mark.usefixtures("indexed")
def test_what_a_search_remembers_changes_no_answer() -> None:
    clips = some_library()
    memory = SearchMemory()
    nobody = threading.Event()
    for some in (clips[:7], clips[:9], clips, clips[:8], clips[2:]):
        for like in (None, len(some) - 1):
            fresh = find_candidates(some, NEAR_BITS, stop=nobody, like=like)
            known = find_candidates(some, NEAR_BITS, stop=nobody, like=like, memory=memory)
            assert known.pairs == fresh.pairs
            assert known.weights.keys() == fresh.weights.keys()


def test_newcomers_leave_the_keys_of_a_large_library_as_they_are() -> None:
    hashes = np.random.default_rng(1).integers(0, 256, (1000, 32), dtype=np.uint8)
    (chunk, *_), memory = chunks(16, 1), SearchMemory()
    (large,) = memory.ranked(chunk, hashes[:800])

    for known in range(801, 1001):
        held = memory.ranked(chunk, hashes[:known])
        assert held[0] is large
        assert len(held) < 10
        assert (np.sort(np.concatenate(held)) == ranked(chunk, hashes[:known])).all()


@pytest.mark.usefixtures("indexed")
def test_a_stop_is_heard() -> None:
    stop = threading.Event()
    stop.set()
    table = frame_table(some_library())

    found = similar_frames(table, NEAR_BITS, like=None, stop=stop, report=lambda _: None)

    assert rows(found) == set()
