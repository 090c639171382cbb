"""The envelope: what a client reads when a call succeeds, fails on purpose, or fails on us."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from server.toy_tools import TOYS, CountAnswer

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError
from autodedup.engine.settings import Settings
from autodedup.engine.workbench import Workbench
from autodedup.schemas.errors import ERRORS
from autodedup.server.definitions import output_schema
from autodedup.server.desk import Desk
from autodedup.server.wire import Envelope

ERROR_CLASSES = sorted(AutoDedupError.__subclasses__(), key=lambda kind: kind.__name__)


def ask(bench: Workbench, tool: str, arguments: dict[str, Any]) -> Envelope:
    return Desk(bench, TOYS).answer(tool, arguments, Caller(report=lambda _: None))


def checked(envelope: Envelope) -> dict[str, Any]:
    """Return the body, having checked what every answer keeps."""
    Draft202012Validator(output_schema(CountAnswer)).validate(envelope.body)
    assert json.loads(envelope.text) == envelope.body
    assert envelope.text == json.dumps(envelope.body, separators=(",", ":"), ensure_ascii=False)
    assert "null" not in envelope.text
    assert envelope.body["ok"] is (envelope.code is None)
    return envelope.body


def test_success_says_ok_first_and_has_no_nulls_at_any_depth(bench: Workbench) -> None:
    body = checked(ask(bench, "count", {"up_to": 2}))
    assert body == {"ok": True, "counted": 2, "extra": {"kept": [1, {}]}}
    assert next(iter(body)) == "ok"


@pytest.mark.parametrize("kind", ERROR_CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_of_the_contract_arrives_with_its_code_hint_and_exit_status(
    bench: Workbench, kind: type[AutoDedupError]
) -> None:
    envelope = ask(bench, "drop", {"how": kind.__name__})
    error = checked(envelope)["error"]
    fact = ERRORS[kind.code]
    assert error == {
        "code": kind.code,
        "message": "it went wrong",
        "retryable": fact.retryable,
        "hint": fact.remedy,
        "details": {"file": "f1"},
    }
    assert envelope.exit_code == fact.exit_code


@pytest.mark.parametrize("bug", ["bug", "nan", "invalid"])
def test_a_bug_of_ours_is_an_incident_that_tells_nothing_of_this_machine(
    bench: Workbench, bug: str, caplog: pytest.LogCaptureFixture
) -> None:
    envelope = ask(bench, "drop", {"how": bug})
    error = checked(envelope)["error"]
    assert (error["code"], envelope.exit_code) == ("INTERNAL", 1)
    for word in ("secret", "Errno", "pydantic", "Traceback", "nan", "counted"):
        assert word not in envelope.text
    assert error["details"]["incident"] in caplog.text


def test_a_surrogate_that_slips_through_does_not_break_the_wire(bench: Workbench) -> None:
    body = checked(ask(bench, "drop", {"how": "surrogate"}))
    assert body["note"] == "bad?name"


def test_a_tool_that_writes_answers_read_only_and_the_desk_does_not_list_it(
    bench: Workbench,
) -> None:
    closed = Desk(Workbench(Settings(root=bench.settings.root, read_only=True)), TOYS)
    assert [tool.name for tool in closed.listed()] == ["count", "hold"]
    envelope = closed.answer("drop", {"how": "bug"}, Caller(report=lambda _: None))
    assert checked(envelope)["error"]["code"] == "READ_ONLY"
