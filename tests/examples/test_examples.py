"""Each example does what its README says, and the checks inside it hold."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
STORIES = sorted(
    path for path in EXAMPLES.glob("*/*") if path.suffix in {".py", ".sh"} and path.is_file()
)


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a film, an exact copy, a smaller encode and an unrelated film."""
    folder = tmp_path_factory.mktemp("films") / "library"
    assert run(EXAMPLES / "small_library.py", folder).returncode == 0
    return folder


@pytest.fixture
def library(films: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(films, tmp_path / "library"))


def run(script: Path, *words: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
    """Run an example with this environment's programs first on the path."""
    plain = {name: value for name, value in os.environ.items() if "AUTODEDUP_" not in name}
    path = os.pathsep.join([sysconfig.get_path("scripts"), plain["PATH"]])
    program = "bash" if script.suffix == ".sh" else sys.executable
    return subprocess.run(
        [program, str(script), *map(str, words)],
        input=answer, capture_output=True, text=True, check=False, timeout=240,
        env={**plain, "PATH": path, "PYTHONUTF8": "1"},
    )  # fmt: skip


def films_at_home(library: Path) -> set[str]:
    """Return the films that still lie where they lay."""
    return {path.name for path in library.iterdir() if path.is_file()}


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.parent.name)
def test_the_checks_inside_an_example_hold(story: Path) -> None:
    if story.suffix == ".sh" and shutil.which("bash") is None:
        pytest.skip("the example is a bash script")
    done = run(story)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "✔" in done.stdout + done.stderr


def test_every_story_is_in_the_list_and_has_a_readme() -> None:
    told = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert len(STORIES) == 5
    for story in STORIES:
        assert f"]({story.parent.name}/README.md)" in told
        assert story.name in (story.parent / "README.md").read_text(encoding="utf-8")


def test_a_person_who_is_asked_and_says_no_keeps_every_file(library: Path) -> None:
    before = films_at_home(library)
    done = run(EXAMPLES / "review_then_apply/agent.py", library, answer="n\n")
    assert done.returncode == 1
    assert "Nothing was changed" in done.stdout, done.stderr
    assert films_at_home(library) == before


@pytest.mark.skipif(shutil.which("bash") is None, reason="the example is a bash script")
def test_a_script_stops_at_an_error_with_its_number(tmp_path: Path) -> None:
    done = run(EXAMPLES / "scripted_json/tidy.sh", tmp_path / "nowhere")
    assert done.returncode == 6  # PATH_NOT_FOUND
