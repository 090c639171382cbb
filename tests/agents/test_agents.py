"""Whatever an agent does wrong, the answer lets its next call be right; no file is harmed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from agents.behaviours import BEHAVIOURS, fresh, serving
from agents.learner import Learner
from agents.mistakes import MADE_UP_IDS, TOO_EARLY, UNKNOWN_NAMES, WRONG_TYPES, Call
from server.raw_client import RawClient

from autodedup.engine.footage.library import Made

A_FEW = ("holiday/harbour.mp4", "holiday/harbour (1).mp4", "camera/walk.mkv", "phone/walk.mp4")


@pytest.fixture(scope="module")
def client(ingested: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RawClient]:
    """A server on a library with a state: no mistake may cost another its lesson."""
    library = tmp_path_factory.mktemp("mistaken") / "library"
    shutil.copytree(ingested, library)
    with serving(library) as made:
        yield made


@pytest.fixture
def a_few(rendered: tuple[Path, list[Made]], tmp_path: Path) -> Path:
    """A library of four films that nobody has looked at."""
    library = fresh(rendered[0], tmp_path)
    for path in library.rglob("*.*"):
        if path.is_file() and path.relative_to(library).as_posix() not in A_FEW:
            path.unlink()
    return library


def told(call: Call) -> str:
    return f"{call[0]} {json.dumps(call[1])}"


@pytest.mark.parametrize("mistake", [*WRONG_TYPES, *UNKNOWN_NAMES, *MADE_UP_IDS], ids=told)
def test_a_mistake_is_got_over_by_reading_the_error(client: RawClient, mistake: Call) -> None:
    lesson = Learner(client).attempt(*mistake)
    assert lesson.codes, "this was to be a mistake, and was taken"
    assert lesson.learnt, lesson


def test_calls_in_the_wrong_order_end_in_the_right_one(a_few: Path) -> None:
    with serving(a_few) as client:
        for mistake in TOO_EARLY:
            lesson = Learner(client).attempt(*mistake)
            assert lesson.learnt, lesson
    assert (a_few / "holiday/harbour.mp4").exists() or (a_few / "holiday/harbour (1).mp4").exists()


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_an_impatient_agent_is_served_and_does_no_harm(
    name: str, a_few: Path, rendered: tuple[Path, list[Made]]
) -> None:
    before = {path: path.read_bytes() for path in films(a_few)}
    behave: Callable[[Path], None] = BEHAVIOURS[name]
    behave(a_few)
    assert before == {path: path.read_bytes() for path in films(a_few)}


def films(library: Path) -> list[Path]:
    return sorted(library / name for name in A_FEW)
