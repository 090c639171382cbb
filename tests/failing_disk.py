"""A disk of which some bytes cannot be read, for this process and for the workers it starts.

Reading a file whose name begins with `bad` fails from its `FROM`th byte to its `TO`th, as a disk
with a damaged block does; other files are read as they are.
"""

import errno
import io
import os
from pathlib import Path

FROM, TO = 100_000, 101_000  # bytes: neither in the first 64 KiB nor in the last of a longer file


class FailingFile(io.FileIO):
    """A file of that disk."""

    def read(self, size: int | None = -1, /) -> bytes:
        """Read what can be read."""
        begins, wanted = self.tell(), -1 if size is None else size
        if begins < TO and (wanted < 0 or begins + wanted > FROM):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return super().read(wanted)


_fdopen = os.fdopen


def fdopen(fd: int, *how: object, **more: object) -> object:
    """Stand for `os.fdopen`, of which this is what is used to read the files of a library."""
    if how[:1] == ("rb",) and Path(f"/proc/self/fd/{fd}").readlink().name[:3] == "bad":
        return FailingFile(fd, "rb")
    return _fdopen(fd, *how, **more)  # type: ignore[call-overload]  # any way to open


def as_source() -> str:
    """Return what a worker has to run to have that disk too."""
    return f"{Path(__file__).read_text(encoding='utf-8')}\nos.fdopen = fdopen\n"
