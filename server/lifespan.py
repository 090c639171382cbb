"""The life of a serving process: what is set up before the first byte, and how it ends.

It ends when its input ends, within a second, whatever it is doing. Threads may still be decoding
or waiting then; they are asked to stop, given a moment, and left: the state database and the
apply journal are written so that a process may die at any instant, so leaving by `os._exit` loses
nothing that dying of SIGTERM would keep.
"""

import logging
import os
import sys
import threading
from contextlib import redirect_stdout, suppress
from functools import partial
from typing import NoReturn

import anyio
from mcp.server.stdio import stdio_server

from autodedup.engine.workbench import Workbench
from autodedup.server.app import AutoDedupServer, build_server
from autodedup.server.desk import Catalogue
from autodedup.server.eras import serve_connection

logger = logging.getLogger(__name__)

PATIENCE_S = 0.5  # for work to reach a safe point after the client has gone


def serve(bench: Workbench, catalogue: Catalogue) -> NoReturn:
    """Serve one client over stdin and stdout, then end the process."""
    log_to_stderr()
    server = build_server(bench, catalogue)
    try:
        anyio.run(partial(_serve_stdio, server))
    except Exception:
        logger.exception("the connection failed")
        _leave(bench, 1)
    _leave(bench, 0)


def log_to_stderr() -> None:
    """Send log lines and warnings to stderr, plain: stdout belongs to the protocol.

    To be called before a server is built: the SDK sets up logging too, unless it is set up
    already, and would wrap lines at 80 columns.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="autodedup: %(levelname)s: %(message)s"
    )
    logging.captureWarnings(capture=True)


async def _serve_stdio(server: AutoDedupServer) -> None:
    # stdio_server keeps the real stdin and stdout to itself and points their descriptors at the
    # null device and stderr, for children and C libraries; Python's own prints follow.
    async with stdio_server() as (read, write):
        with redirect_stdout(sys.stderr):
            try:
                era = server.desk.bench.settings.mcp_era
                await serve_connection(server.lowlevel, era, read, write)
            except anyio.get_cancelled_exc_class():
                # Nobody reads our answers any more, or somebody pressed Ctrl-C. The thread that
                # reads stdin cannot be interrupted, so waiting for it would be waiting for ever.
                _leave(server.desk.bench, 0)


def _leave(bench: Workbench, status: int) -> NoReturn:
    closing = threading.Thread(target=bench.close, name="closing", daemon=True)
    closing.start()
    closing.join(PATIENCE_S)
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(status)
