"""Kept in 128 bytes, embeddings say nearly what they said before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.embedding.storage import directions, from_bytes, to_bytes


@given(seed=st.integers(0, 2**32 - 1))
def test_products_change_by_less_than_a_hundredth(seed: int) -> None:
    chance = np.random.default_rng(seed)
    numbers = chance.standard_normal((20, 128)).astype(np.float32)
    cosines = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)
    embeddings = cosines * chance.uniform(0.9, 1.1, (20, 1)).astype(np.float32)

    kept = to_bytes(embeddings)
    restored = from_bytes(kept)

    assert kept.shape == (20, 128)
    assert kept.dtype == np.int8
    assert np.abs(restored @ restored.T - embeddings @ embeddings.T).max() < 0.01
    assert np.abs(directions(kept) @ directions(kept).T - cosines @ cosines.T).max() < 0.01
    assert np.allclose(np.linalg.norm(directions(kept), axis=1), 1, atol=1e-6)


def test_an_embedding_of_nothing_stays_nothing() -> None:
    nothing = np.zeros((1, 128), np.int8)

    assert (from_bytes(nothing) == 0).all()
    assert (directions(nothing) == 0).all()
