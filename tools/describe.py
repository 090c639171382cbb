"""The `schema` tool: the server described by itself, for scripts and for agents that get stuck."""

import hashlib
import json
from collections.abc import Callable
from functools import partial

from pydantic import JsonValue, TypeAdapter

from autodedup.engine.caller import Caller
from autodedup.engine.errors import InvalidArgumentError
from autodedup.engine.names import shown
from autodedup.engine.roots import canonical_roots
from autodedup.engine.settings import Settings
from autodedup.engine.version import version
from autodedup.engine.workbench import Workbench
from autodedup.schemas.describe import SchemaAnswer, SchemaArguments
from autodedup.schemas.errors import ERRORS, FILE_CODES
from autodedup.schemas.vocabulary import ACTING_KINDS, KIND_MEANINGS
from autodedup.tools.spec import READS, AnyTool, ToolSpec

Content = dict[str, JsonValue]
_JSON: TypeAdapter[Content] = TypeAdapter(Content)

ORDER = "preflight, ingest, find_duplicates, plan_actions, (review), apply_plan, undo_plan"
LIMITS: Content = {
    "default_answer_bytes": 8000,
    "largest_answer_bytes": 80000,
    "wait_s_max": 3600,
    "groups_a_page_max": 200,
    "actions_a_page_max": 500,
    "ids": "f file, g group, p plan, j job, r result; stable in one database",
}


def run(bench: Workbench, arguments: SchemaArguments, _caller: Caller) -> SchemaAnswer:
    """Describe what was asked about; an overview when nothing was."""
    canonical_roots(bench.settings.root)  # without a root every tool says how to add one
    subjects = _subjects(bench.settings)
    about = arguments.about or "overview"
    if about not in subjects:
        raise InvalidArgumentError(
            f"There is nothing called {shown(about)} to describe.",
            hint=f"about is one of: {', '.join(sorted(subjects))}.",
            details={"argument": "about"},
        )
    everything = {
        name: tell() for name, tell in subjects.items() if name not in {"all", "overview"}
    }
    text = json.dumps(everything, sort_keys=True)
    return SchemaAnswer(
        about=about,
        version=version(),
        digest=hashlib.sha256(text.encode("utf-8")).hexdigest()[:16],
        content=subjects[about](),
    )


def _subjects(settings: Settings) -> dict[str, Callable[[], Content]]:
    from autodedup.tools.catalogue import CATALOGUE

    tools: dict[str, Callable[[], Content]] = {
        spec.name: partial(_tool, spec) for spec in CATALOGUE
    }
    rest: dict[str, Callable[[], Content]] = {
        "errors": _errors,
        "config": lambda: _config(settings),
        "database": _database,
        "kinds": _kinds,
    }
    told = {**tools, **rest}

    def overview() -> Content:
        return {
            "tools": {spec.name: spec.title for spec in CATALOGUE},
            "order": ORDER,
            "about": [*told, "all"],
            "limits": LIMITS,
        }

    def everything() -> Content:
        return {name: tell() for name, tell in told.items()}

    return {**told, "overview": overview, "all": everything}


def _tool(spec: AnyTool) -> Content:
    return _JSON.validate_python(
        {
            "title": spec.title,
            "description": spec.description,
            "read_only": spec.hints.read_only,
            "destructive": spec.hints.destructive,
            "arguments": spec.arguments.model_json_schema(),
            "answer": spec.answer.model_json_schema(),
        }
    )


def _errors() -> Content:
    codes: dict[str, JsonValue] = {code: fact.wire() for code, fact in ERRORS.items()}
    file_codes: dict[str, JsonValue] = {str(code): said for code, said in FILE_CODES.items()}
    return {"codes": codes, "file_codes": file_codes}


def _config(settings: Settings) -> Content:
    fields = Settings.model_json_schema()["properties"]
    return _JSON.validate_python(
        {
            name: {
                "flag": f"--{name.replace('_', '-')}",
                "environment": f"AUTODEDUP_{name.upper()}",
                "description": schema.get("description", ""),
                "value": settings.model_dump(mode="json")[name],
            }
            for name, schema in fields.items()
        }
    )


def _database() -> Content:
    from autodedup.engine.store.layout import database_layout  # opens apsw: not before it is asked

    return database_layout()


def _kinds() -> Content:
    return {
        kind: {"means": meaning, "acted_upon": kind in ACTING_KINDS}
        for kind, meaning in KIND_MEANINGS.items()
    }


SCHEMA = ToolSpec(
    name="schema",
    title="Describe this server",
    description=(
        "Describe this server: JSON Schemas of a tool, the error table with what to do, kinds of "
        "duplicate, configuration, database layout, limits. Without arguments: an overview."
    ),
    arguments=SchemaArguments,
    answer=SchemaAnswer,
    hints=READS,
    run=run,
)
