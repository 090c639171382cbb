"""Where a call is answered: a tool, its arguments, an envelope; for MCP and command line alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pydantic import JsonValue

from autodedup.engine.caller import Caller
from autodedup.engine.errors import AutoDedupError, ReadOnlyError
from autodedup.engine.workbench import Workbench
from autodedup.server.arguments import read_arguments
from autodedup.server.wire import Envelope, failure, incident, success
from autodedup.tools.spec import AnyTool

Catalogue: TypeAlias = tuple[AnyTool, ...]


@dataclass(frozen=True, slots=True)
class Desk:
    """The tools, and the bench they work at."""

    bench: Workbench
    catalogue: Catalogue

    def listed(self) -> Catalogue:
        """Return the tools on offer: under --read-only only those that write nothing."""
        if not self.bench.settings.read_only:
            return self.catalogue
        return tuple(tool for tool in self.catalogue if tool.hints.read_only)

    def names(self) -> tuple[str, ...]:
        """Return the names of all tools, those that --read-only hides included."""
        return tuple(tool.name for tool in self.catalogue)

    def answer(self, name: str, arguments: Mapping[str, JsonValue], caller: Caller) -> Envelope:
        """Do what is asked and return the answer, whatever happens; may block for long.

        Raises:
            KeyError: There is no such tool.
        """
        tool = next((tool for tool in self.catalogue if tool.name == name), None)
        if tool is None:
            raise KeyError(name)
        try:
            if self.bench.settings.read_only and not tool.hints.read_only:
                raise ReadOnlyError(f"{name} writes, and this server was started with --read-only.")
            read = read_arguments(name, tool.arguments, arguments)
            return success(tool.run(self.bench, read, caller))
        except AutoDedupError as error:
            return failure(error)
        except Exception as error:  # noqa: BLE001  # a bug of ours is an incident, not a dead server
            return incident(name, error)
