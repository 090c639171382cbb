"""The wheel, built from the sdist and installed into a new environment, runs as a user runs it."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
MEDIA = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".jpg", ".jpeg", ".heic", ".db")
SOURCES = {
    f"autodedup/{path.relative_to(PROJECT).as_posix()}"
    for floor in ("schemas", "engine", "tools", "server")
    for path in (PROJECT / floor).rglob("*")
    if path.suffix in {".py", ".sql", ".typed"}
}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def run(*command: str | Path, cwd: Path, **options: str) -> str:
    """Run a program that has to succeed, and return what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, capture_output=True, text=True, check=False, timeout=120, **options,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """A new environment with nothing of ours in it but the wheel."""

    home: Path

    @property
    def programs(self) -> Path:
        return self.home / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        return self.programs / "python"

    @property
    def autodedup(self) -> Path:
        return self.programs / "autodedup"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sdist and the wheel that `build` makes from it."""
    folder = tmp_path_factory.mktemp("built")
    run(
        sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, PROJECT,
        cwd=folder,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def sdist(built: Path) -> Iterator[tarfile.TarFile]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        yield archive


@pytest.fixture(scope="session")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    home = tmp_path_factory.mktemp("installed") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home.parent)
    new = Installed(home)
    where = run(
        new.python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=home
    )
    # The requirements are lent by this environment, so that nothing is downloaded. A .pth line
    # only adds the folder: the editable install of the project in it stays out of sight.
    Path(where.strip(), "lent.pth").write_text(sysconfig.get_path("purelib"))
    run(
        sys.executable, "-m", "pip", "--python", new.python, "install", "--quiet",
        "--no-deps", "--no-index", "--disable-pip-version-check", next(built.glob("*.whl")),
        cwd=home,
    )  # fmt: skip
    return new


@pytest.fixture
def lookalikes(tmp_path: Path) -> Path:
    """Return a working directory whose modules are named like our floors."""
    for name in ("server", "tools", "engine", "schemas"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('the wrong code was run')")
        (tmp_path / f"{name}.py").write_text("raise SystemExit('the wrong code was run')")
    return tmp_path


def test_the_code_that_runs_is_the_one_in_the_wheel(installed: Installed, tmp_path: Path) -> None:
    told = run(
        installed.python, "-c", "import autodedup.server.demo as demo; print(demo.__file__)",
        cwd=tmp_path,
    )  # fmt: skip

    assert Path(told.strip()).is_relative_to(installed.home)


def test_the_installed_command_says_its_version(installed: Installed, tmp_path: Path) -> None:
    assert "0.1.0" in run(installed.autodedup, "--version", cwd=tmp_path)


@pytest.mark.parametrize("start", [["autodedup"], ["python", "-m", "autodedup.server"]])
def test_folders_named_like_our_floors_are_not_run_instead(
    installed: Installed, lookalikes: Path, start: list[str]
) -> None:
    command = [installed.programs / start[0], *start[1:], "--version"]

    assert "0.1.0" in run(*command, cwd=lookalikes)


def test_the_installed_server_answers_an_initialize(installed: Installed, lookalikes: Path) -> None:
    library = lookalikes / "library"
    library.mkdir()

    told = run(
        installed.autodedup, "serve", "--root", library,
        cwd=lookalikes, input=json.dumps(INITIALIZE) + "\n",
    )  # fmt: skip

    answer = json.loads(told.splitlines()[0])
    assert answer["result"]["serverInfo"]["name"] == "autodedup"


def test_every_source_file_is_in_the_wheel(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())

    assert len(SOURCES) > 40
    assert packed >= SOURCES


def test_the_sdist_ships_no_media_but_the_pictures_of_its_pages(sdist: tarfile.TarFile) -> None:
    names = [member.name for member in sdist.getmembers() if "/docs/pictures/" not in member.name]

    assert any(name.endswith("/engine/settings.py") for name in names)
    assert [name for name in names if name.lower().endswith(MEDIA)] == []


def test_the_sdist_has_every_page_that_its_readme_leads_to(sdist: tarfile.TarFile) -> None:
    names = {member.name.split("/", 1)[-1] for member in sdist.getmembers()}
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text)

    assert links
    assert [link for link in links if link not in names] == []


def test_the_sdist_names_no_path_of_this_machine(sdist: tarfile.TarFile) -> None:
    private = [os.fsencode(PROJECT), os.fsencode(f"{Path.home()}{os.sep}")]
    naming = []
    for member in sdist.getmembers():
        held = sdist.extractfile(member)
        text = b"" if held is None else held.read()
        if any(path in text for path in private):
            naming.append(member.name)

    assert naming == []
