"""A server is started anew for every conversation: nothing heavy is loaded before it is needed."""

import os
import subprocess
import sys
from pathlib import Path

HEAVY = ("apsw", "av", "faiss", "imagehash", "jsonschema", "numpy", "onnxruntime", "open_clip",
         "PIL", "pywt", "PyNvVideoCodec", "sqlite_vec", "torch")  # fmt: skip

# Runs the server on this script's own stdin and prints, from inside, what has been imported once
# the client has had its tools listed and has left.
SPY = """
import os, sys
from autodedup.engine.settings import Settings
from autodedup.server import lifespan
from autodedup.engine.workbench import Workbench
from autodedup.tools.catalogue import CATALOGUE

lifespan._leave = lambda bench, status: (print(*sys.modules, file=sys.stderr), os._exit(status))
lifespan.serve(Workbench(Settings()), CATALOGUE)
"""
OPENING = b"""\
{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
"capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"ping"}
"""


def test_a_server_that_has_said_hello_has_loaded_no_decoder_model_or_database(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", SPY],
        input=OPENING,
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if "AUTODEDUP_" not in name},
    )
    assert b'"serverInfo"' in done.stdout
    loaded = done.stderr.decode().split()
    assert "autodedup.server.app" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_help_loads_neither_the_protocol_nor_the_engine() -> None:
    script = "import sys, autodedup.server.__main__ as m; m.main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert {"mcp", "pydantic", "argparse", "autodedup.engine.settings"}.isdisjoint(loaded)


def test_a_scripted_call_does_not_load_the_protocol() -> None:
    script = "import sys, autodedup.server.call, autodedup.tools.catalogue; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, check=True)
    assert {"mcp", "mcp_types"}.isdisjoint(done.stdout.decode().split())
