"""The semantic tier's tests share one tiny model."""

import pytest
from tiny_model import TinyModel, make_tiny


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TinyModel:
    """A tiny model; not to be written to."""
    return make_tiny(tmp_path_factory.mktemp("tiny"))
