"""What a stranger's library, disk or call can do to an answer: never flood it, never a fault."""

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from autodedup.engine.caller import Caller
from autodedup.engine.ingest.tally import Tally
from autodedup.engine.paging import weight, write_cursor
from autodedup.engine.settings import Settings
from autodedup.engine.store import files, generation
from autodedup.engine.store.files import Stat
from autodedup.engine.workbench import Workbench
from autodedup.server.call import call
from autodedup.server.desk import Desk
from autodedup.server.reference import tools_table
from autodedup.tools.catalogue import CATALOGUE

DEFAULT = 8_000  # bytes of a default answer
LARGEST = 80_000  # of any: under 20,000 tokens
NOBODY = 65534


def longest_name(group: int, copy: int) -> str:
    """Name a file as badly as a file system allows: 255 bytes a part."""
    return "/".join(("日" * 85, "\x1b" * 255, f"{group} {copy} " + "é" * 110 + ".mp4"))


@dataclass(frozen=True, slots=True)
class Told:
    """An answer, its size in bytes, and its code where it is a failure."""

    body: dict[str, Any]
    size: int
    code: str | None


class Client:
    """Calls to the tools of one server, in memory."""

    def __init__(self, *roots: Path, **settings: object) -> None:
        asked = {"root": roots, "min_free_bytes": 0, **settings}
        self.bench = Workbench(Settings.model_validate(asked))
        self.desk = Desk(self.bench, CATALOGUE)

    def __call__(self, tool: str, **arguments: object) -> Told:
        patient = Caller(lambda _progress: None, waits_to_the_end=True)
        asked: Any = arguments
        told = self.desk.answer(tool, asked, patient)
        return Told(json.loads(told.text), len(told.text.encode()), told.code)


def pretend(client: Client, groups: int, copies: int) -> None:
    """Put files into the state that are copies of each other and on no disk."""
    db, roots = client.bench._open()
    with db.atomic() as connection:
        for number in range(groups * copies):
            group, copy = divmod(number, copies)
            stat = Stat(10**8 + group, number, 1, number + 1)
            made = files.add(connection, roots.base.id, longest_name(group, copy), stat)
            files.set_edges(connection, made, b"%032d" % group)
            files.set_sha256(connection, made, b"%032d" % group)
        generation.advance(connection)


def test_one_group_of_long_names_floods_no_page(tmp_path: Path) -> None:
    client = Client(tmp_path)
    pretend(client, 1, 300)
    assert client("find_duplicates").size <= DEFAULT
    group = client("find_duplicates").body["groups"][0]
    assert 0 < len(group["files"]) < group["files_total"] == 300
    page = client("find_duplicates", limit=1)
    assert DEFAULT < page.size <= LARGEST
    assert page.body["groups"][0]["files_total"] == 300


def test_a_file_that_cannot_be_read_floods_no_ingest(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / longest_name(number, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no film")
    answer = Client(tmp_path)("ingest")
    assert answer.size <= DEFAULT
    assert answer.body["errors"]
    assert sum(answer.body["errors_by_code"].values()) == 30


def test_notes_are_few_and_say_how_many_more_there_are() -> None:
    tally = Tally()
    for number in range(2000):
        tally.note(f"{number} {'日' * 300} is closed.")
    *notes, last = tally.errors()[2]
    assert weight(list(notes)) < 2_500
    assert last == f"{2000 - len(notes)} more notes like these are not shown."


def test_items_that_were_not_done_flood_no_apply(tmp_path: Path) -> None:
    for number in range(60):
        path = tmp_path / longest_name(number // 2, number % 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%03d" % (number // 2) * 50)
    client = Client(tmp_path)
    client("ingest", tiers=["exact"])
    assert client("find_duplicates").size <= DEFAULT
    plan = client("plan_actions")
    assert plan.size <= DEFAULT
    for path in tmp_path.rglob("*.mp4"):
        if not path.name.startswith("5 "):
            os.utime(path)
    answer = client("apply_plan", plan=plan.body["plan"], digest=plan.body["digest"])
    assert answer.size <= DEFAULT
    assert (answer.body["done"], answer.body["items_total"]) == (1, 29)
    assert 0 < len(answer.body["items"]) < 29


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("plan_actions", {"plan": "p" + "9" * 25}, "INVALID_ARGUMENT"),
        ("plan_actions", {"groups": ["g" + "9" * 19]}, "INVALID_ARGUMENT"),
        ("plan_actions", {"result": "r" + "9" * 19}, "INVALID_ARGUMENT"),
        ("ingest", {"job": "j" + "9" * 19}, "INVALID_ARGUMENT"),
        ("ingest", {"job": "j" + "9" * 18}, "NOT_FOUND"),
        ("plan_actions", {"plan": "p" + "9" * 18}, "PLAN_NOT_FOUND"),
        ("find_duplicates", {"cursor": write_cursor("r" + "9" * 25, 0)}, "CURSOR_EXPIRED"),
        ("find_duplicates", {"cursor": write_cursor("r1", 10**25)}, "CURSOR_EXPIRED"),
        ("find_duplicates", {"cursor": write_cursor("r1", -1)}, "CURSOR_EXPIRED"),
    ],
)
def test_a_number_that_no_database_holds_is_refused(
    tmp_path: Path, tool: str, arguments: dict[str, object], code: str
) -> None:
    assert Client(tmp_path)(tool, **arguments).code == code


def test_json_that_is_nested_without_end_is_refused() -> None:
    assert call(["preflight", "[" * 100_000], CATALOGUE).code == "INVALID_ARGUMENT"


def test_the_table_of_tools_tells_which_ones_move_files() -> None:
    rows = tools_table(CATALOGUE).splitlines()
    moving = [row.split("`")[1] for row in rows if "| your files |" in row]
    assert moving == ["apply_plan", "undo_plan"]


def two_copies(client: Client, root: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (root / name).write_bytes(b"the same")
    client("ingest", tiers=["exact"])
    client("find_duplicates")


def test_a_report_that_cannot_be_written_names_the_plan_that_is_stored(tmp_path: Path) -> None:
    client = Client(tmp_path)
    two_copies(client, tmp_path)
    (tmp_path / ".autodedup" / "reports").write_text("in the way")
    refused = client("plan_actions", report=True)
    assert refused.code == "PERMISSION_DENIED"
    assert refused.body["error"]["details"]["plan"] == "p1"
    assert client("plan_actions", plan="p1").code is None


def test_a_report_on_a_full_disk_leaves_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(tmp_path)
    two_copies(client, tmp_path)

    def full(_path: Path, _text: str, *, encoding: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", encoding)

    monkeypatch.setattr(Path, "write_text", full)
    assert client("plan_actions", report=True).code == "NO_SPACE"
    assert not list((tmp_path / ".autodedup" / "reports").iterdir())


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user whom permissions hold for."""
    if os.name == "nt" or not hasattr(os, "setresuid"):
        pytest.skip("no change of user here")
    if os.getuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A folder that any user can reach."""
    place = Path(tempfile.mkdtemp(prefix="autodedup-"))
    place.chmod(0o755)
    (place / "shut" / "library").mkdir(parents=True)
    (place / "library").mkdir(mode=0o777)
    Client(place / "library")("preflight")  # every module is loaded before the user changes
    (place / "shut").chmod(0)
    yield place
    (place / "shut").chmod(0o700)
    shutil.rmtree(place)


def _shut_itself(place: Path) -> Client:
    return Client(place / "shut")


def _in_a_shut_one(place: Path) -> Client:
    return Client(place / "shut" / "library")


def _state_in_a_shut_one(place: Path) -> Client:
    return Client(place / "library", db=place / "shut" / "x" / "state.db")


@pytest.mark.parametrize("made", [_shut_itself, _in_a_shut_one, _state_in_a_shut_one])
def test_a_closed_folder_is_not_ready_and_then_denied(
    open_place: Path, made: Callable[[Path], Client]
) -> None:
    client = made(open_place)
    with as_nobody():
        answer, refused = client("preflight"), client("ingest")
    assert answer.code is None
    assert answer.body["ready"] is False
    assert refused.code == "PERMISSION_DENIED"


def test_a_closed_folder_to_protect_is_denied(open_place: Path) -> None:
    client = Client(open_place, protect=(open_place / "shut" / "library",), read_only=True)
    with as_nobody():
        assert client("find_duplicates").code == "PERMISSION_DENIED"
