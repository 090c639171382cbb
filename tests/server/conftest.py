"""What the tests of the server share: a bench on an empty library, and anyio on asyncio alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Workbench]:
    made = Workbench(Settings(root=(tmp_path,)))
    yield made
    made.close()
