"""Kept in 128 bytes, embeddings say nearly what they said before."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from autodedup.engine.embedding.storage import from_bytes, to_bytes


@given(seed=st.integers(0, 2**32 - 1))
def test_cosines_change_by_less_than_a_hundredth(seed: int) -> None:
    numbers = np.random.default_rng(seed).standard_normal((20, 128)).astype(np.float32)
    embeddings = numbers / np.linalg.norm(numbers, axis=1, keepdims=True)

    kept = to_bytes(embeddings)
    restored = from_bytes(kept)

    assert kept.shape == (20, 128)
    assert kept.dtype == np.int8
    assert np.abs(restored @ restored.T - embeddings @ embeddings.T).max() < 0.01
    assert np.allclose(np.linalg.norm(restored, axis=1), 1, atol=1e-6)


def test_an_embedding_of_nothing_stays_nothing() -> None:
    assert (from_bytes(np.zeros((1, 128), np.int8)) == 0).all()
