"""The base of every schema: fixed once made, and closed to fields it does not know."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, JsonValue


class Frozen(BaseModel):
    """Data that crosses a border: a tool call, a stored plan, a report."""

    # `defer_build`: a server is started anew for every conversation; models are built when used.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def wire(self) -> dict[str, JsonValue]:
        """Return the JSON form a client receives: no nulls, tuples as lists."""
        plain: dict[str, Any] = self.model_dump(mode="json", exclude_none=True, by_alias=True)
        return plain


class Answer(Frozen):
    """A successful answer of a tool; a failure is `schemas.errors.Failure`."""

    ok: Literal[True] = True
