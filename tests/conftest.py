"""What the tests of several areas share: a small library, rendered and ingested once."""

import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from autodedup.engine.caller import Caller
from autodedup.engine.footage.library import Made, render_demo_library
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestAnswer, IngestArguments

pytest_plugins = ["gpu_marker"]

# In CI the same examples every time: a new one found there could not be told from a broken change.
hypothesis_settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    hypothesis_settings.load_profile("ci")

PATIENT = Caller(lambda _progress: None, waits_to_the_end=True)


def ingest(bench: Workbench, **arguments: object) -> IngestAnswer:
    """Ingest to the end."""
    asked = IngestArguments.model_validate(arguments)
    return bench.ingest(asked, PATIENT)


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Made]]:
    """A dozen small films, as rendered; not to be written to."""
    folder = tmp_path_factory.mktemp("rendered") / "library"
    return folder, render_demo_library(folder)


def let_go_of(library: Path) -> None:
    """Wait until nothing here has the library's database open, so that it can be copied.

    A thread that worked lets go a moment after its answer, and takes the files beside the database
    with it: a copy made in between would miss them, or hold them.
    """
    for thread in threading.enumerate():
        if re.search(r" j\d+$", thread.name):
            thread.join(60)
    until = time.monotonic() + 60
    while list(library.glob(".autodedup/*-wal")) and time.monotonic() < until:
        time.sleep(0.01)


@pytest.fixture(scope="session")
def ingested(rendered: tuple[Path, list[Made]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with its state and a first result; not to be written to."""
    folder = tmp_path_factory.mktemp("ingested") / "library"
    shutil.copytree(rendered[0], folder)
    bench = Workbench(Settings(root=(folder,)))
    assert ingest(bench).status == "complete"
    assert bench.find_duplicates(FindArguments(), PATIENT).groups
    bench.close()
    let_go_of(folder)
    return folder


@pytest.fixture
def fresh_library(rendered: tuple[Path, list[Made]], tmp_path: Path) -> Path:
    """A library of one's own without a state."""
    folder = tmp_path / "library"
    shutil.copytree(rendered[0], folder)
    return folder


@pytest.fixture
def library(ingested: Path, tmp_path: Path) -> Path:
    """A library of one's own with its state: mounted elsewhere, as it were."""
    folder = tmp_path / "library"
    shutil.copytree(ingested, folder)
    return folder


@pytest.fixture
def open_bench() -> Callable[..., Workbench]:
    """Open workbenches by settings."""

    def opened(*roots: Path, **settings: object) -> Workbench:
        return Workbench(Settings.model_validate({"root": roots, **settings}))

    return opened
