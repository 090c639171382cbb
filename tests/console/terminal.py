"""A terminal to run a command in: what a person sees and types."""

import os
import re
import struct
import subprocess
import sys
from dataclasses import dataclass

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Seen:
    """What came to the screen, with and without what draws it, and the exit status."""

    status: int
    raw: str

    @property
    def text(self) -> str:
        return _CONTROL.sub("", self.raw).replace("\r", "\n")


def at_a_terminal(*words: str, types: str = "", columns: int = 100) -> Seen:
    """Run `autodedup` in a terminal of this width, with these keys pressed beforehand."""
    import fcntl
    import termios

    ours, its = os.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    plain = {name: v for name, v in os.environ.items() if not name.startswith("AUTODEDUP_")}
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "autodedup.server", *words],
        stdin=its, stdout=its, stderr=its, env={**plain, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(its)
    os.write(ours, types.encode())
    told = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the way Linux says that nobody holds the other end any more
            break
        if not more:
            break
        told += more
    os.close(ours)
    return Seen(child.wait(timeout=60), told.decode().replace("\r\n", "\n"))
