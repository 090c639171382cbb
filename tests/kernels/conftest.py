"""Pictures of rendered films, as a decoder would hand them on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from autodedup.engine.footage.film import render_film


@pytest.fixture(scope="session")
def pictures() -> NDArray[np.uint8]:
    """(N, 128, 228) uint8 luma of several films."""
    made = []
    for seed in range(4):
        film = render_film(seed, size=(228, 128), seconds=5.0)
        frames = np.asarray(film.frames)[::5]
        made.append(frames.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32))
    return np.concatenate(made).round().astype(np.uint8)
