"""Which revision of the protocol a connection speaks, and who decides it.

The SDK lets the first request decide: `initialize` opens the handshake era (2025-11-25 and
older), anything with the 2026-07-28 envelope the modern one, for good. A client that probes with
`server/discover` and then falls back to `initialize` would be locked out, and clients do that.
So in the `tolerant` era opening probes are answered here, on the side, and the next request
decides. `auto` is the SDK's own rule, `legacy` the handshake alone.
"""

import contextvars
import json
import logging
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

import anyio
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop, serve_loop
from mcp.shared.message import SessionMessage
from mcp_types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCRequest,
    RequestId,
)
from pydantic import ValidationError

if TYPE_CHECKING:  # what the SDK's streams have in common; it has no public name yet
    from mcp.shared._stream_protocols import ReadStream, WriteStream

Era: TypeAlias = Literal["tolerant", "auto", "legacy"]
Incoming: TypeAlias = SessionMessage | Exception

logger = logging.getLogger(__name__)


async def serve_connection(
    server: Server[dict[str, Any]],
    era: Era,
    read: "ReadStream[Incoming]",
    write: "WriteStream[SessionMessage]",
) -> None:
    """Serve one client until its end of the streams closes."""
    loop = serve_loop if era == "legacy" else serve_dual_era_loop
    async with server.lifespan(server) as state:
        opening = Opening(server, state, read, write, answers_probes=era == "tolerant")
        await loop(
            server,
            opening,
            write,
            lifespan_state=state,
            init_options=server.create_initialization_options(),
        )


class Opening:
    """A client's messages, less those that are answered before the SDK sees them.

    These are opening probes (see above), and lines that are no message at all: the SDK drops
    them in silence, and a client that sent a request in such a line would wait for ever.
    """

    def __init__(
        self,
        server: Server[dict[str, Any]],
        state: dict[str, Any],
        read: "ReadStream[Incoming]",
        write: "WriteStream[SessionMessage]",
        *,
        answers_probes: bool,
    ) -> None:
        self._server = server
        self._state = state
        self._read = read
        self._write = write
        self._answers_probes = answers_probes

    @property
    def last_context(self) -> contextvars.Context | None:
        """Return the context the last message was sent in; the SDK hands it to the handlers."""
        context: contextvars.Context | None = getattr(self._read, "last_context", None)
        return context

    async def receive(self) -> Incoming:
        """Return the next message that is the SDK's to answer."""
        while True:
            item = await self._read.receive()
            if isinstance(item, Exception):
                await self._refuse(item)
            elif not isinstance(item.message, JSONRPCRequest):
                return item
            elif self._answers_probes and item.message.method == "server/discover":
                await self._write.send(await _answered_aside(self._server, self._state, item))
            else:
                self._answers_probes = False
                return item

    async def _refuse(self, problem: Exception) -> None:
        refusal = _refusal(problem)
        logger.warning(
            "a line on stdin is not a JSON-RPC message%s", "" if refusal else ": dropped"
        )
        if refusal is not None:
            await self._write.send(SessionMessage(refusal))

    async def aclose(self) -> None:
        """Close the stream underneath."""
        await self._read.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Incoming:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()


async def _answered_aside(
    server: Server[dict[str, Any]], state: dict[str, Any], request: SessionMessage
) -> SessionMessage:
    """Return what the SDK answers to this one request on a connection of its own."""
    to_server, from_client = anyio.create_memory_object_stream[Incoming](1)
    to_client, from_server = anyio.create_memory_object_stream[SessionMessage](1)
    aside = partial(serve_dual_era_loop, server, from_client, to_client, lifespan_state=state)
    async with to_server, from_server, anyio.create_task_group() as tasks:
        tasks.start_soon(aside)
        await to_server.send(request)
        answer = await from_server.receive()
        tasks.cancel_scope.cancel()
    return answer


def _refusal(problem: Exception) -> JSONRPCError | None:
    """Return the error for a line that is no message, if it can be told which request it was."""
    if not isinstance(problem, ValidationError):
        return None
    for detail in problem.errors(include_url=False):
        broken = detail["type"] == "json_invalid"
        number = _request_id(detail["input"], is_text=broken)
        if number is not None:
            code = PARSE_ERROR if broken else INVALID_REQUEST
            words = (
                "The request is not valid JSON." if broken else "The request is not JSON-RPC 2.0."
            )
            return JSONRPCError(jsonrpc="2.0", id=number, error=ErrorData(code=code, message=words))
    return None


def _request_id(found: object, *, is_text: bool) -> RequestId | None:
    """Find the id of a request in what was refused; text may be JSON that only Python reads."""
    if is_text and isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return None
    number = found.get("id") if isinstance(found, dict) and "method" in found else None
    return number if isinstance(number, int | str) and not isinstance(number, bool) else None
