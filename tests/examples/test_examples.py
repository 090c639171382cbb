"""Each example does on a small library what its README says."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from autodedup.engine.footage.encode import VP9, encode
from autodedup.engine.footage.film import render_film

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a film, an exact copy, a smaller encode and an unrelated film."""
    folder = tmp_path_factory.mktemp("films")
    film = render_film(31, seconds=8, fps=12)
    encode(film, folder / "film.mp4")
    shutil.copyfile(folder / "film.mp4", folder / "film (1).mp4")
    encode(film, folder / "film.webm", VP9)
    encode(render_film(32, seconds=6, fps=12), folder / "other.mp4")
    return folder


@pytest.fixture
def library(films: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(films, tmp_path / "library"))


def run(*command: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    """Run an example with this environment's programs first on the path."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    return subprocess.run(
        [str(part) for part in command],
        input=answer, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PATH": path},
    )  # fmt: skip


def films_at_home(library: Path) -> set[str]:
    """Return the films that still lie where they lay."""
    return {path.name for path in library.iterdir() if path.is_file()}


def test_the_agent_changes_nothing_without_a_yes(library: Path) -> None:
    before = films_at_home(library)

    done = run(sys.executable, EXAMPLES / "review_then_apply/agent.py", library, answer="n\n")

    assert done.returncode == 0, done.stderr
    assert "Nothing was changed." in done.stdout
    assert films_at_home(library) == before


def test_the_agent_moves_the_copies_once_it_is_agreed_to(library: Path) -> None:
    before = films_at_home(library)

    done = run(sys.executable, EXAMPLES / "review_then_apply/agent.py", library, "--yes")

    assert done.returncode == 0, done.stderr
    assert "2 files moved to the trash" in done.stdout
    left = films_at_home(library)
    assert len(before - left) == 2
    assert "other.mp4" in left


@pytest.mark.skipif(shutil.which("bash") is None, reason="the example is a bash script")
def test_the_script_plans_applies_and_prints_json(library: Path) -> None:
    done = run("bash", EXAMPLES / "scripted_json/tidy.sh", library, "apply")

    assert done.returncode == 0, done.stderr
    found, plan, applied = (json.loads(line) for line in done.stdout.splitlines())
    assert found["totals"]["redundant_files"] == 2
    assert plan["summary"]["trash"]["files"] == 2
    assert applied["status"] == "applied"
    assert applied["done"] == 2
    assert "other.mp4" in films_at_home(library)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the example is a bash script")
def test_the_script_stops_at_an_error_with_its_number(tmp_path: Path) -> None:
    done = run("bash", EXAMPLES / "scripted_json/tidy.sh", tmp_path / "nowhere")

    assert done.returncode == 6  # PATH_NOT_FOUND
    assert json.loads(done.stdout or "{}").get("ok", False) is False
