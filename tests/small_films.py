"""A small film and its file, for the tests that look at, sign and hand over videos."""

from pathlib import Path

import pytest

from autodedup.engine.footage.encode import Encoding, encode
from autodedup.engine.footage.film import Film, render_film


@pytest.fixture(scope="session")
def film() -> Film:
    """Six seconds with a cut or two."""
    return render_film(5, size=(320, 180), seconds=6.0)


@pytest.fixture(scope="session")
def video(film: Film, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mp4"
    encode(film, path, Encoding())
    return path
