"""Arguments that are wrong are refused in words from which the next call can be right."""

import json
from typing import Any

import pytest
from server.toy_tools import CountArguments, DropArguments

from autodedup.engine.errors import InvalidArgumentError
from autodedup.server.arguments import read_arguments


def refusal(raw: dict[str, Any], model: type[Any] = CountArguments) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as raised:
        read_arguments("count", model, raw)
    return raised.value


@pytest.mark.parametrize(
    ("raw", "argument", "problem"),
    [
        ({"upto": 3}, "upto", "is unknown; did you mean up_to?"),
        ({"up_to": 0}, "up_to", "must be at least 1 (got 0)"),
        ({"up_to": 1001}, "up_to", "must be at most 1000 (got 1001)"),
        ({"up_to": "3"}, "up_to", 'must be a whole number (got "3")'),
        ({"up_to": True}, "up_to", "must be a whole number (got true)"),
        ({"up_to": 2.5}, "up_to", "must be a whole number (got 2.5)"),
        ({"up_to": None}, "up_to", "must be a whole number (got null)"),
        ({"sure": "very"}, "sure", 'must be a number (got "very")'),
        ({"kind": "odd"}, "kind", "must be 'plain' or 'fancy' (got \"odd\")"),
        ({"names": "x"}, "names", 'must be a list (got "x")'),
        ({"names": []}, "names", "must have at least 1 item(s) (got [])"),
        ({"names": ["x", 5]}, "names[1]", "must be text (got 5)"),
        ({"file": "12"}, "file", 'must be an id such as f7 (got "12")'),
        ({"policy": {"near": "burn"}}, "policy.near", "must be 'trash' or 'keep' (got \"burn\")"),
        ({"policy": {"far": 1}}, "policy.far", "is unknown"),
        ({"policy": "trash"}, "policy", 'must be an object (got "trash")'),
        ({"kind": "fancy"}, "", "fancy needs names"),
    ],
)
def test_each_mistake_is_named_with_what_is_accepted(
    raw: dict[str, Any], argument: str, problem: str
) -> None:
    error = refusal(raw)
    assert error.details == {"arguments": [{"argument": argument, "problem": problem}]}
    assert f"{argument} {problem}".strip() in error.message


def test_an_unknown_argument_like_no_other_is_answered_with_the_names_there_are() -> None:
    assert "there are up_to, kind, names, file" in refusal({"zzz": 1}).message


def test_a_missing_argument_is_asked_for() -> None:
    assert refusal({}, DropArguments).message == "count: how is needed. Nothing was done."


def test_many_mistakes_are_all_in_the_details_and_the_message_stays_short() -> None:
    error = refusal({f"unknown_{number}": "x" * 10_000 for number in range(50)})
    assert error.details is not None
    assert len(json.dumps(error.details["arguments"])) < 20_000
    assert "and 45 more" in error.message
    assert len(error.message) < 1000


def test_a_hostile_value_or_name_is_cut_and_cannot_start_a_new_line() -> None:
    error = refusal({"kind": "a\n\x1b[31m" + "b" * 10_000})
    assert "\n" not in error.message
    assert "\x1b" not in error.message
    assert len(error.message) < 400
    named = refusal({"a\n\x1b[31m" + "b" * 10_000: 1})
    assert "\x1b" not in named.message
    assert len(named.message) < 400


def test_no_prose_of_the_validator_reaches_the_caller() -> None:
    for raw in ({"up_to": "x"}, {"names": {}}, {"kind": 5}, {"file": "\ud800"}):
        told = str(refusal(raw).body().wire())
        for word in ("pydantic", "http", "Input should", "valid integer", "type="):
            assert word not in told


def test_what_is_right_is_taken_as_it_is() -> None:
    taken = read_arguments("count", CountArguments, {"names": ["a"], "sure": 1, "file": None})
    assert taken.names == ("a",)
    assert taken.sure == 1.0
