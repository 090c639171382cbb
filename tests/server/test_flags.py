"""Flags, their environment twins, and the commands that take them."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from server.toy_tools import TOYS

from autodedup.engine.errors import InvalidArgumentError
from autodedup.engine.settings import Settings
from autodedup.schemas.errors import ERRORS
from autodedup.server.__main__ import main
from autodedup.server.call import call
from autodedup.server.commands import Command, every_command, overview
from autodedup.server.flags import FlagParser, add_settings, environment, flag, settings_from
from autodedup.server.reference import errors_table, flags_table, tools_table


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AUTODEDUP_")]:
        monkeypatch.delenv(name)


def parsed(*words: str) -> Settings:
    parser = FlagParser(prog="autodedup serve", description="")
    add_settings(parser)
    return settings_from(parser.parse_args(words))


def test_flags_of_every_kind_reach_the_settings() -> None:
    settings = parsed(
        "--root", "/a", "--root", "/b", "--db", "/x/state.db", "--read-only", "--workers", "3",
        "--decode-timeout-s", "2.5", "--extensions", "MP4,.mkv", "--extensions", "avi",
        "--mcp-era", "legacy",
    )  # fmt: skip
    assert settings.root == (Path("/a"), Path("/b"))
    assert (settings.db, settings.workers) == (Path("/x/state.db"), 3)
    assert (settings.read_only, settings.allow_delete) == (True, False)
    assert (settings.decode_timeout_s, settings.mcp_era) == (2.5, "legacy")
    assert settings.extensions == ("mp4", "mkv", "avi")


def test_a_root_whose_name_is_not_utf8_is_taken_as_the_shell_gives_it() -> None:
    name = os.fsdecode(b"/videos/\xff")
    assert parsed("--root", name).root == (Path(name),)


def test_a_flag_wins_over_the_environment_and_the_environment_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AUTODEDUP_ROOT", os.pathsep.join(["/c", "/d"]))
    monkeypatch.setenv("AUTODEDUP_READ_ONLY", "true")
    monkeypatch.setenv("AUTODEDUP_WORKERS", "7")
    assert parsed().root == (Path("/c"), Path("/d"))
    assert parsed().read_only
    settings = parsed("--root", "/a", "--no-read-only", "--workers", "2")
    assert (settings.root, settings.read_only, settings.workers) == ((Path("/a"),), False, 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--decode-timeout-s", "9999"), '--decode-timeout-s must be at most 3600 (got "9999")'),
        (("--workers", "many"), '--workers must be a whole number (got "many")'),
        (("--mcp-era", "old"), "--mcp-era must be 'tolerant', 'auto' or 'legacy' (got \"old\")"),
        (("--strict-worst-bits", "2"), "must be at least strict_mean_bits"),
        (("--rot", "/a"), "unrecognized arguments: --rot /a"),
        (("--root",), "expected one argument"),
    ],
)
def test_a_wrong_flag_is_named_with_its_bound(words: tuple[str, ...], told: str) -> None:
    with pytest.raises(InvalidArgumentError) as raised:
        parsed(*words)
    assert told in raised.value.message


def test_a_wrong_variable_is_named_as_the_variable_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTODEDUP_WORKERS", "0")
    with pytest.raises(InvalidArgumentError) as raised:
        parsed()
    assert 'AUTODEDUP_WORKERS must be at least 1 (got "0")' in raised.value.message


def test_serve_refuses_a_wrong_flag_with_a_line_for_a_person(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["serve", "--workers", "0"]) == ERRORS["INVALID_ARGUMENT"].exit_code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("autodedup serve: --workers must be at least 1")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["count"], 0, None),
        (["count", '{"up_to":4}'], 0, None),
        (["count", '{"up_to":0}'], 4, "INVALID_ARGUMENT"),
        (["count", "{up_to}"], 4, "INVALID_ARGUMENT"),
        (["count", "[1]"], 4, "INVALID_ARGUMENT"),
        (["count", '{"file":"\\ud800"}'], 4, "INVALID_ARGUMENT"),
        (["cuont"], 4, "INVALID_ARGUMENT"),
        ([], 4, "INVALID_ARGUMENT"),
        (["count", "{}", "--workers", "0"], 4, "INVALID_ARGUMENT"),
        (["drop", '{"how":"NoSpaceError"}'], 18, "NO_SPACE"),
        (["drop", '{"how":"bug"}'], 1, "INTERNAL"),
        (["drop", '{"how":"bug"}', "--read-only"], 15, "READ_ONLY"),
    ],
)
def test_a_scripted_call_answers_with_the_envelope_and_its_exit_status(
    words: list[str], status: int, code: str | None
) -> None:
    envelope = call(words, TOYS)
    assert envelope.exit_code == status
    assert envelope.code == code
    assert json.loads(envelope.text)["ok"] is (code is None)


def test_a_misspelt_tool_is_answered_with_the_nearest_name() -> None:
    assert "did you mean count?" in call(["cuont"], TOYS).text


def test_arguments_can_come_on_stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"up_to":9}'))
    assert call(["count", "-"], TOYS).body["counted"] == 9


def test_the_installed_command_prints_one_line_of_json_and_exits_with_the_code(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-P", "-m", "autodedup.server", "call", "schema"]
    done = subprocess.run(
        [*command, '{"abuot":"errors"}', "--root", str(tmp_path)], capture_output=True, check=False
    )
    assert done.returncode == 4
    assert json.loads(done.stdout)["error"]["code"] == "INVALID_ARGUMENT"
    assert done.stdout.count(b"\n") == 1


def test_the_help_fits_a_screen_and_names_every_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert told == overview()
    assert len(told.splitlines()) <= 24
    assert max(len(line) for line in told.splitlines()) <= 80
    assert [one.name for one in every_command() if f"  {one.name} " not in told] == []


@pytest.mark.parametrize("command", every_command(), ids=lambda command: command.name)
def test_every_command_has_a_help_that_fits_a_screen(
    command: Command, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as raised:
        main([command.name, "--help"])
    assert raised.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith(f"usage: autodedup {command.name}")
    assert len(told.splitlines()) <= 40


def test_the_rest_of_the_settings_is_shown_when_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help-all"])
    told = capsys.readouterr().out
    assert [name for name in Settings.model_fields if flag(name) not in told] == []


def test_an_unknown_command_is_refused_with_the_nearest_or_with_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["srve"]) == 4
    assert "did you mean serve?" in capsys.readouterr().err
    assert main(["frobnicate"]) == 4
    assert "serve, call, sign" in capsys.readouterr().err


def test_every_setting_has_a_flag_a_twin_and_a_row_in_the_table() -> None:
    table = flags_table()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"`{flag(name)}" in table
        assert f"`{environment(name)}`" in table
    assert "| `--db PATH` | `AUTODEDUP_DB` |" in table


def test_the_tables_for_the_readme_name_every_tool_and_every_code() -> None:
    assert [f"`{tool.name}`" in tools_table(TOYS) for tool in TOYS] == [True] * len(TOYS)
    for code, fact in ERRORS.items():
        assert f"| `{code}` | {fact.exit_code} |" in errors_table()
