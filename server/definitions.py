"""What `tools/list` says of a tool: short enough to be read in every conversation.

A definition is paid for by every client that connects, so schemas lose what pydantic adds for
its own sake: titles, `null` as a type, references to models used once, and the inner parts of
answers (the tool `schema` serves those in full).
"""

from typing import Any

from mcp_types import Tool, ToolAnnotations
from pydantic import JsonValue

from autodedup.schemas.base import Answer, Frozen
from autodedup.tools.spec import AnyTool

Schema = dict[str, JsonValue]

_ENVELOPE: Schema = {
    "ok": {"type": "boolean"},
    "error": {"required": ["code", "message", "retryable", "hint"]},
}

# Of no use to a reader, or told by the error when it matters: an empty or an endless text.
_DROPPED = frozenset({"title", "$ref", "minLength", "maxLength", "minItems"})
_MAPS = frozenset({"properties", "patternProperties"})  # their keys are names, never keywords


def definition(tool: AnyTool) -> Tool:
    """Return one entry of `tools/list`; all four hints are stated, never left to a default."""
    return Tool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=input_schema(tool.arguments),
        output_schema=output_schema(tool.answer),
        annotations=ToolAnnotations(
            read_only_hint=tool.hints.read_only,
            destructive_hint=tool.hints.destructive,
            idempotent_hint=tool.hints.idempotent,
            open_world_hint=False,
        ),
    )


def input_schema(arguments: type[Frozen]) -> Schema:
    """Return the JSON Schema of a tool's arguments, closed to names it does not know."""
    shaped = _shaped(arguments.model_json_schema())
    return {
        "type": "object",
        "properties": shaped.get("properties", {}),
        **({"required": shaped["required"]} if "required" in shaped else {}),
        "additionalProperties": False,
    }


def output_schema(answer: type[Answer]) -> Schema:
    """Return one schema with both arms of the envelope; of an answer, the names that always come.

    Clients check answers against it and models seldom see it, so the types of the fields, which
    would be half of the whole list, are left to the tool `schema`.
    """
    required = [name for name, field in answer.model_fields.items() if field.is_required()]
    return {
        "type": "object",
        "properties": _ENVELOPE,
        "required": ["ok"],
        "anyOf": [{"required": [*required]}, {"required": ["error"]}],
    }


def _shaped(schema: dict[str, Any]) -> Schema:
    definitions: dict[str, Schema] = schema.pop("$defs", {})
    shaped = _part(schema, definitions)
    return shaped if isinstance(shaped, dict) else {}


def _part(value: JsonValue, definitions: dict[str, Schema]) -> JsonValue:
    """Return a (part of a) schema without titles, nulls and references.

    The models of arguments and answers do not contain themselves, so following every
    reference comes to an end.
    """
    if isinstance(value, list):
        return [_part(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    value = _without_null(value)
    reference = value.get("$ref")
    if isinstance(reference, str):
        value = {**definitions[reference.rpartition("/")[2]], **value}
    return {
        key: _named(item, definitions) if key in _MAPS else _part(_plain(item, value), definitions)
        for key, item in value.items()
        if key not in _DROPPED and not _says_nothing(key, item, value)
    }


def _plain(item: JsonValue, schema: Schema) -> JsonValue:
    """A pattern of items beside an example of the whole list tells the reader no more."""
    if "examples" not in schema or not isinstance(item, dict):
        return item
    return {key: part for key, part in item.items() if key != "pattern"}


def _says_nothing(key: str, item: JsonValue, schema: Schema) -> bool:
    """A default of null is no default; a pattern beside an example tells the reader no more."""
    return (key == "default" and item is None) or (key == "pattern" and "examples" in schema)


def _named(parts: JsonValue, definitions: dict[str, Schema]) -> JsonValue:
    if not isinstance(parts, dict):
        return parts
    return {name: _part(part, definitions) for name, part in parts.items()}


def _without_null(value: Schema) -> Schema:
    """Turn `anyOf: [X, null]` into X: leaving an argument out is how to say nothing."""
    arms = value.get("anyOf")
    if not isinstance(arms, list) or {"type": "null"} not in arms:
        return value
    rest = {key: item for key, item in value.items() if key != "anyOf"}
    others: list[JsonValue] = [arm for arm in arms if arm != {"type": "null"}]
    if len(others) == 1 and isinstance(others[0], dict):
        return {**others[0], **rest}
    return {**rest, "anyOf": others}
