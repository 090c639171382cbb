"""With --require-approval nothing is applied before a person has agreed to exactly that plan."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitRequestParams, ElicitResult

from autodedup.engine.caller import Caller
from autodedup.engine.footage.encode import encode
from autodedup.engine.footage.film import render_film
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.find_duplicates import FindArguments
from autodedup.schemas.ingest import IngestArguments
from autodedup.schemas.plan_actions import PlanArguments
from autodedup.server.__main__ import main
from autodedup.server.app import build_server
from autodedup.tools.catalogue import CATALOGUE

pytestmark = pytest.mark.anyio

both_eras = pytest.mark.parametrize("mode", ["auto", "legacy"])


class Reviewed:
    """A library with one film twice, and a plan over it that waits for approval."""

    def __init__(self, folder: Path, film: bytes) -> None:
        self.folder = folder
        for name in ("holiday.mp4", "holiday (1).mp4"):
            (folder / name).write_bytes(film)
        self.bench = Workbench(Settings(root=(folder,), require_approval=True, workers=1))
        self.server = build_server(self.bench, CATALOGUE)
        self.bench.ingest(IngestArguments(), Caller(lambda _: None, waits_to_the_end=True))
        self.bench.find_duplicates(FindArguments(), Caller(lambda _: None, waits_to_the_end=True))
        plan = self.bench.plan_actions(PlanArguments())
        self.arguments = {"plan": plan.plan, "digest": plan.digest}

    def left(self) -> int:
        return len(list(self.folder.glob("*.mp4")))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    encode(render_film(3, size=(160, 90), seconds=3, fps=12), path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, film: bytes) -> Iterator[Reviewed]:
    """One for all tests in which nothing may happen."""
    made = Reviewed(tmp_path_factory.mktemp("untouched"), film)
    yield made
    made.bench.close()


@pytest.fixture
def fresh(tmp_path: Path, film: bytes) -> Iterator[Reviewed]:
    made = Reviewed(tmp_path, film)
    yield made
    made.bench.close()


async def code_of(client: Client, arguments: dict[str, Any]) -> str | None:
    body = (await client.call_tool("apply_plan", arguments)).structured_content
    assert body is not None
    return body["error"]["code"] if not body["ok"] else None


class Person:
    """Somebody at the client who is asked and answers as told."""

    def __init__(self, answer: ElicitResult) -> None:
        self.answer = answer
        self.asked: list[str] = []

    async def __call__(self, _context: object, params: ElicitRequestParams) -> ElicitResult:
        self.asked.append(params.message)
        return self.answer


@both_eras
async def test_a_client_that_cannot_ask_leaves_the_plan_unapplied(
    untouched: Reviewed, mode: str
) -> None:
    async with Client(untouched.server, mode=mode) as client:
        assert await code_of(client, untouched.arguments) == "APPROVAL_REQUIRED"
    assert untouched.left() == 2


@both_eras
@pytest.mark.parametrize(
    "answer",
    [
        ElicitResult(action="decline"),
        ElicitResult(action="cancel"),
        ElicitResult(action="accept", content={"apply": False}),
        ElicitResult(action="accept", content={}),
    ],
    ids=["decline", "cancel", "accept but no", "accept nothing"],
)
async def test_anything_but_a_plain_yes_leaves_the_plan_unapplied(
    untouched: Reviewed, mode: str, answer: ElicitResult
) -> None:
    person = Person(answer)
    async with Client(untouched.server, mode=mode, elicitation_callback=person) as client:
        assert await code_of(client, untouched.arguments) == "APPROVAL_REQUIRED"
    assert len(person.asked) == 1
    assert untouched.left() == 2


@both_eras
async def test_a_person_who_has_seen_the_summary_and_says_yes_lets_the_plan_be_applied(
    fresh: Reviewed, mode: str
) -> None:
    person = Person(ElicitResult(action="accept", content={"apply": True}))
    async with Client(fresh.server, mode=mode, elicitation_callback=person) as client:
        assert await code_of(client, fresh.arguments) is None
    (question,) = person.asked
    assert "trash: 1 file" in question
    assert fresh.arguments["digest"] in question
    assert fresh.left() == 1


@both_eras
async def test_nobody_is_asked_about_a_plan_other_than_the_one_shown(
    untouched: Reviewed, mode: str
) -> None:
    person = Person(ElicitResult(action="accept", content={"apply": True}))
    async with Client(untouched.server, mode=mode, elicitation_callback=person) as client:
        wrong = {**untouched.arguments, "digest": "0" * 32}
        assert await code_of(client, wrong) == "DIGEST_MISMATCH"
    assert person.asked == []
    assert untouched.left() == 2


@pytest.mark.parametrize("typed", ["n\n", "", "sure\n"])
async def test_without_a_yes_the_terminal_approves_nothing(
    untouched: Reviewed, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    root = str(untouched.folder)
    assert main(["approve", untouched.arguments["plan"], "--root", root]) == 24  # CANCELLED
    async with Client(untouched.server) as client:
        assert await code_of(client, untouched.arguments) == "APPROVAL_REQUIRED"
    assert untouched.left() == 2


async def test_a_yes_in_the_terminal_approves_what_was_shown(
    fresh: Reviewed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main(["approve", fresh.arguments["plan"], "--root", str(fresh.folder)]) == 0
    assert fresh.arguments["digest"] in capsys.readouterr().out
    async with Client(fresh.server) as client:
        assert await code_of(client, fresh.arguments) is None
    assert fresh.left() == 1


def test_approving_a_plan_that_does_not_exist_is_refused(
    untouched: Reviewed, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["approve", "p99", "--root", str(untouched.folder)]) == 12
    assert "p99" in capsys.readouterr().out
