"""What the tool `schema` takes and answers."""

from typing import Annotated, Any

from pydantic import Field

from autodedup.schemas.base import Answer, Frozen


class SchemaArguments(Frozen):
    """What to describe."""

    about: Annotated[
        str | None,
        Field(
            description="A tool's name, or errors, config, database, kinds, all.",
            examples=["find_duplicates"],
            max_length=40,
        ),
    ] = None


class SchemaAnswer(Answer):
    """The server described by itself; `digest` changes whenever any of it does."""

    about: str
    version: str
    digest: str
    content: Annotated[dict[str, Any], Field(description="Depends on about.")]
