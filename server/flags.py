"""The settings as command-line flags, each with its environment twin, from one source."""

import argparse
from collections.abc import Collection
from pathlib import Path
from types import NoneType, UnionType
from typing import Literal, NoReturn, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from autodedup.engine.errors import InvalidArgumentError
from autodedup.engine.settings import Settings
from autodedup.server.arguments import problems, told

_NOT_GIVEN = argparse.SUPPRESS  # a flag that is not given must not hide the environment


class FlagParser(argparse.ArgumentParser):
    """A parser whose mistakes are `INVALID_ARGUMENT`, instead of an exit with 2."""

    def __init__(self, *, prog: str, description: str, usage: str = "") -> None:
        """Make the parser of one command; `usage` names what it takes before the settings."""
        super().__init__(
            prog=prog,
            description=description,
            usage=" ".join(filter(None, (prog, usage, "[options]"))),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.hidden: list[tuple[argparse.Action, str]] = []

    def error(self, message: str) -> NoReturn:
        """Refuse the command line.

        Raises:
            InvalidArgumentError: Always.
        """
        raise InvalidArgumentError(message, hint=f"{self.prog} --help lists what is accepted.")


class _ShowAll(argparse.Action):
    """`--help-all`: the help with the settings that the short one leaves out."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        _namespace: argparse.Namespace,
        _values: object,
        _option: str | None = None,
    ) -> NoReturn:
        if isinstance(parser, FlagParser):
            for action, text in parser.hidden:
                action.help = text
        parser.print_help()
        parser.exit()


def flag(field: str) -> str:
    """Return the flag of a setting: `decode_timeout_s` is `--decode-timeout-s`."""
    return f"--{field.replace('_', '-')}"


def environment(field: str) -> str:
    """Return the environment variable of a setting."""
    return f"{Settings.model_config.get('env_prefix', '')}{field}".upper()


def add_settings(parser: FlagParser, shown: Collection[str] = ("root", "db")) -> None:
    """Add a flag for every setting; the help shows those of `shown`, `--help-all` every one."""
    group = parser.add_argument_group(
        "settings", "each has an environment twin, which the flag overrides: --db is AUTODEDUP_DB"
    )
    for name, field in Settings.model_fields.items():
        kind, many = _kind(field)
        text = f"{field.description} {_default(field)}".strip().replace("%", "%%")
        if kind is bool:
            action: argparse.Action = group.add_argument(
                flag(name), action=argparse.BooleanOptionalAction, default=_NOT_GIVEN, help=text
            )
        else:
            action = group.add_argument(
                flag(name),
                action="append" if many else "store",
                metavar=_metavar(kind),
                default=_NOT_GIVEN,
                help=text,
            )
        if name not in shown:
            parser.hidden.append((action, text))
            action.help = argparse.SUPPRESS
    group.add_argument(
        "--help-all", action=_ShowAll, nargs=0, default=_NOT_GIVEN, help="show every setting"
    )


def settings_from(options: argparse.Namespace) -> Settings:
    """Return the settings of a parsed command line over those of the environment.

    Raises:
        InvalidArgumentError: A flag or variable is out of its bounds; the message names both.
    """
    given: dict[str, object] = {
        name: _value(field, getattr(options, name))
        for name, field in Settings.model_fields.items()
        if hasattr(options, name)
    }
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic judges each value by name
    except ValidationError as error:
        found = problems(error, Settings.model_fields, named=lambda name: _source(name, given))
        raise InvalidArgumentError(
            f"{told(found)}.",
            hint="Correct the flag, or the environment variable of the same name.",
            details={
                "arguments": [{"argument": one.argument, "problem": one.problem} for one in found]
            },
        ) from error


def flags_table() -> str:
    """Return every setting as a markdown table, for the README."""
    rows = ["| flag | environment | default | meaning |", "|---|---|---|---|"]
    for name, field in Settings.model_fields.items():
        kind, many = _kind(field)
        usage = flag(name) if kind is bool else f"{flag(name)} {_metavar(kind)}"
        usage = usage.replace("|", "\\|")  # a bare one would end the table's cell
        repeat = " May be given more than once." if many else ""
        rows.append(
            f"| `{usage}` | `{environment(name)}` | {_shown_default(field)} "
            f"| {field.description}{repeat} |"
        )
    return "\n".join(rows) + "\n"


def bounds_table() -> str:
    """Return what each setting with bounds or a closed list may be, as a markdown table."""
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "more than",
        "maximum": "at most",
        "exclusiveMaximum": "less than",
    }
    rows = ["| setting | may be | default |", "|---|---|---|"]
    for name, shape in Settings.model_json_schema()["properties"].items():
        arms = [shape, *shape.get("anyOf", ())]
        told = [f"{words[key]} {arm[key]:g}" for arm in arms for key in words if key in arm]
        told += [", ".join(f"`{one}`" for one in arm["enum"]) for arm in arms if "enum" in arm]
        if told:
            default = _shown_default(Settings.model_fields[name])
            rows.append(f"| `{flag(name)}` | {', '.join(told)} | {default} |")
    return "\n".join(rows) + "\n"


def _source(name: str, given: dict[str, object]) -> str:
    return flag(name) if name in given else environment(name)


def _value(field: FieldInfo, raw: object) -> object:
    """Return what was typed as the settings take it from the environment."""
    kind, many = _kind(field)
    if many and isinstance(raw, list):
        return tuple(Path(part) for part in raw) if kind is Path else ",".join(raw)
    return raw


def _kind(field: FieldInfo) -> tuple[object, bool]:
    """Return the type of one value of a setting, and whether it takes many."""
    kind: object = field.annotation
    if get_origin(kind) in {Union, UnionType}:
        (kind,) = (arm for arm in get_args(kind) if arm is not NoneType)
    if get_origin(kind) is tuple:
        return get_args(kind)[0], True
    return kind, False


def _metavar(kind: object) -> str:
    if get_origin(kind) is Literal:
        return "|".join(get_args(kind))
    if kind is Path:
        return "PATH"
    return "N" if kind in {int, float} else "TEXT"


def _default(field: FieldInfo) -> str:
    told_in_words = field.default is None or isinstance(field.default, (tuple, bool))
    return "" if told_in_words else f"[{field.default}]"


def _shown_default(field: FieldInfo) -> str:
    match field.default:
        case None | ():
            return ""
        case bool() as value:
            return "on" if value else "off"
        case tuple() as values:
            return f"`{','.join(values)}`"
        case value:
            return f"`{value}`"
