"""What goes wrong in a worker process, made to go wrong: a fault is what Python does as it starts.

Workers are started as modules of their own, so a test cannot reach into them; what lies in
`sitecustomize.py` on their path is run by them first.
"""

import os
from pathlib import Path

import pytest

# Each wraps the one call by which a worker opens a file of the library.
_AROUND_OPENING = """
import os
opened, real = 0, os.fdopen
def fdopen(fd, *how, **more):
    global opened
    if how[:1] == ("rb",) and more == {{"buffering": 0}}:
        opened += 1
        name = os.path.basename(os.readlink(f"/proc/self/fd/{{fd}}"))
        {fault}
    return real(fd, *how, **more)
os.fdopen = fdopen
"""


def in_workers(source: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every Python that is started from now on run this first."""
    (folder / "sitecustomize.py").write_text(source, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.fspath(folder), prepend=os.pathsep)


def when_opening(fault: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have workers do this as they open a file: `name` is its name, `opened` counts from one."""
    in_workers(_AROUND_OPENING.format(fault=fault), folder, monkeypatch)
