"""What is wrong with a call's arguments, said so that the next call can be right."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

from pydantic import JsonValue, ValidationError
from pydantic_core import ErrorDetails

from autodedup.engine.errors import InvalidArgumentError
from autodedup.engine.names import shown
from autodedup.schemas.base import Frozen

A = TypeVar("A", bound=Frozen)

LONGEST_QUOTED = 60  # characters of a refused value that are repeated to the caller
MOST_TOLD = 5  # problems spelled out in the message; `details` has them all
_DIGEST = "^[0-9a-f]{32}$"
_SHORT_ID = re.compile(r"\^([a-z])\[1-9\]\[0-9\]\{0,17\}\$")

# Words for the kinds of error that pydantic knows; `{…}` is filled from the error's context.
_WORDS = {
    "missing": "is needed",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be text",
    "path_type": "must be a path",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} items",
    "value_error": "{error}",
    "json_invalid": "must be text that Unicode can hold; address the file by its id instead",
}
_TELL_NO_VALUE = frozenset({"missing", "extra_forbidden", "value_error", "json_invalid"})


@dataclass(frozen=True, slots=True)
class Problem:
    """One argument and what is wrong with it; the argument is empty where several disagree."""

    argument: str
    problem: str

    def __str__(self) -> str:
        return f"{self.argument} {self.problem}".strip()


def read_arguments(tool: str, model: type[A], raw: Mapping[str, JsonValue]) -> A:
    """Return the arguments as the tool takes them; nothing is coerced, dropped or guessed.

    Raises:
        InvalidArgumentError: An argument is unknown, missing, ill-typed or out of range.
    """
    try:
        # JSON mode is strict about types yet takes a list for a tuple and 45 for 45.0.
        return model.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        found = problems(error, model.model_fields)
        raise InvalidArgumentError(
            f"{tool}: {_sentence(told(found))} Nothing was done.",
            hint=f"Correct the call; schema(about='{tool}') shows what it accepts.",
            details={
                "arguments": [{"argument": one.argument, "problem": one.problem} for one in found]
            },
        ) from error


def problems(
    error: ValidationError, known: Collection[str], *, named: Callable[[str], str] = str
) -> list[Problem]:
    """Return what a validation found, in our words.

    `known` are the names it would have taken; `named` spells a name as the caller gave it.
    """
    found = []
    details = error.errors(include_url=False)
    inside = {detail["loc"][0] for detail in details if len(detail["loc"]) > 1}
    for detail in details:
        if detail["type"] == "too_short" and detail["loc"][0] in inside:
            continue  # an item that was refused is missing from the list, and was told already
        name, *inner = detail["loc"] or ("",)
        where = named(str(name)) + _inside(inner) if name else ""
        found.append(Problem(shown(where, LONGEST_QUOTED), _what(detail, known)))
    return found


def told(found: list[Problem]) -> str:
    """Return the problems as one phrase; a long list is cut and says so."""
    phrase = "; ".join(str(one) for one in found[:MOST_TOLD])
    return phrase if len(found) <= MOST_TOLD else f"{phrase}; and {len(found) - MOST_TOLD} more"


def _sentence(phrase: str) -> str:
    return phrase if phrase.endswith("?") else f"{phrase}."


def nearest(name: str, known: Collection[str]) -> str:
    """Return a hint towards a name that exists: the nearest one, or else all of them."""
    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(known) or 'none'}"


def _inside(place: Sequence[int | str]) -> str:
    """Spell the way into an argument: `(1,)` is `[1]`, `("near",)` is `.near`."""
    # "[key]" is pydantic's mark for "the key itself", which the part before it names already.
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in place if part != "[key]"
    )


def _what(detail: ErrorDetails, known: Collection[str]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        top = len(detail["loc"]) == 1
        return "is unknown" + (f"; {nearest(str(detail['loc'][0]), known)}" if top else "")
    if kind == "string_pattern_mismatch":
        short_id = _SHORT_ID.fullmatch(context["pattern"])
        words = f"must be an id such as {short_id[1]}7" if short_id else "has the wrong form"
        if context["pattern"] == _DIGEST:
            words = "must be the digest that plan_actions returned, 32 hexadecimal digits"
    else:
        bounds = {
            name: f"{bound:g}" if isinstance(bound, float) else bound
            for name, bound in context.items()
        }
        words = _WORDS.get(kind, "is not accepted").format_map(bounds)
    return words if kind in _TELL_NO_VALUE else f"{words} (got {_quoted(detail['input'])})"


def _quoted(value: object) -> str:
    text = json.dumps(value, ensure_ascii=True, default=str)
    return text if len(text) <= LONGEST_QUOTED else f"{text[:LONGEST_QUOTED]}…"
