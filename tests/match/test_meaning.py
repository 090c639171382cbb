"""Meaning finds films that are alike, and as a witness is heard only where the hash is in doubt."""

import threading
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.errors import CancelledError
from autodedup.engine.match import meaning
from autodedup.engine.match.compare import compare
from autodedup.engine.match.looks import Look
from autodedup.engine.match.meaning import alike_in_meaning
from autodedup.engine.match.model import Clip, PairMatch
from autodedup.engine.match.thresholds import Thresholds
from autodedup.engine.semantic.vectors import Meanings

SECONDS = 6.0
FRAMES = 24
NEVER = threading.Event()


def meant(seed: int, *, recipe: str = "one", frames: int = 6) -> Meanings:
    rows = np.random.default_rng(seed).normal(size=(frames, 32)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Meanings(recipe, np.linspace(0.5, SECONDS - 0.5, frames), rows)


def flipped(bits: NDArray[np.bool_], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    return bits ^ (rng.random(bits.shape) < share)


def clips(edit: float, *, seed: int = 3) -> tuple[Clip, Clip]:
    """A film and a copy of it in which this share of the hash bits differs."""
    rng = np.random.default_rng(seed)
    usual = rng.random((1, 256)) < 0.5
    bits = flipped(np.repeat(usual, FRAMES, axis=0), 0.155, rng)
    made = []
    for key, shown in enumerate((bits, flipped(bits, edit, rng)), start=1):
        made.append(
            Clip(
                key=key,
                seconds=SECONDS,
                size_bytes=1000,
                times_seconds=np.arange(FRAMES) * SECONDS / FRAMES,
                hashes=np.packbits(shown, axis=1)[:, None, :],
                quality=np.ones(FRAMES, dtype=np.float32),
                anchor_whashes=np.zeros(3, dtype=np.uint64),
            )
        )
    return made[0], made[1]


def judged(
    pair: tuple[Clip, Clip], *said: Meanings | None, limits: Thresholds | None = None
) -> PairMatch | None:
    told = said or (None, None)
    a, b = (replace(clip, meaning=each) for clip, each in zip(pair, told, strict=True))
    every = np.ones(FRAMES)
    return compare((a, b), (every, every), [Look("a", 0, 0)], limits or Thresholds())


def is_copy(match: PairMatch | None) -> bool:
    return match is not None and match.relation == "near"


DOUBTFUL = 0.19  # of the bits: loose limits take it for a copy, balanced ones do not


def test_where_the_hash_is_in_doubt_films_that_mean_the_same_are_copies() -> None:
    pair = clips(DOUBTFUL)
    assert is_copy(judged(pair, limits=Thresholds().in_doubt()))
    assert not is_copy(judged(pair))
    assert is_copy(judged(pair, meant(1), meant(1)))


def test_where_the_hash_is_in_doubt_films_that_mean_something_else_stay_doubtful() -> None:
    pair = clips(DOUBTFUL)
    assert judged(pair, meant(1), meant(2)) == judged(pair)
    assert judged(pair, meant(1), meant(1, recipe="two")) == judged(pair)
    assert judged(pair, meant(1), None) == judged(pair)


def test_meaning_never_makes_a_copy_of_what_the_hash_rules_out() -> None:
    pair = clips(0.33)
    assert not is_copy(judged(pair, limits=Thresholds().in_doubt()))
    assert not is_copy(judged(pair, meant(1), meant(1)))


def test_meaning_never_speaks_against_what_the_hash_is_sure_of() -> None:
    pair = clips(0.05)
    assert is_copy(judged(pair))
    assert judged(pair, meant(1), meant(2)) == judged(pair)


def test_pairs_are_those_that_comparing_one_by_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    films = {key: meant(key % 7, frames=3 + key % 4) for key in range(1, 30)}
    least = 0.6
    expected = set()
    for (a, one), (b, other) in combinations(films.items(), 2):
        cosines = one.rows @ other.rows.T
        if (cosines.max(axis=1).mean() + cosines.max(axis=0).mean()) / 2 >= least:
            expected.add((a, b))
    for tile in (10, 4096):  # frames
        monkeypatch.setattr(meaning, "_TILE_FRAMES", tile)
        found = alike_in_meaning(films, least, NEVER)
        assert {(match.a, match.b) for match in found} == expected
    assert expected
    assert all(match.relation == "semantic" for match in found)


def test_films_by_two_models_are_never_compared() -> None:
    films = {1: meant(1), 2: meant(1, recipe="two")}
    assert alike_in_meaning(films, 0.1, NEVER) == []


def test_a_stopped_search_ends() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        alike_in_meaning({1: meant(1), 2: meant(2)}, 0.1, stop)
