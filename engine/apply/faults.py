"""Which file code an error of the file system becomes, in words for the person who reads it."""

import errno

from autodedup.engine.errors import FileError
from autodedup.schemas.errors import FileCode

_CODES: dict[int, FileCode] = {
    errno.ENOSPC: "NO_SPACE",
    errno.EDQUOT: "NO_SPACE",
    errno.EFBIG: "NO_SPACE",
    errno.EXDEV: "CROSS_DEVICE",
    errno.EMLINK: "LINK_UNSUPPORTED",
    errno.EOPNOTSUPP: "LINK_UNSUPPORTED",
    errno.ENOTTY: "LINK_UNSUPPORTED",
    errno.ENOSYS: "LINK_UNSUPPORTED",
    errno.EEXIST: "NAME_TAKEN",
    errno.ENOTEMPTY: "NAME_TAKEN",
    errno.ENOENT: "FILE_VANISHED",
    errno.ENOTDIR: "FILE_CHANGED",
    errno.ELOOP: "FILE_CHANGED",
}

# An unreadable or failing disk and a refusal have one thing in common: the owner has to look.
_OTHERWISE: FileCode = "PERMISSION_DENIED"


def refused(error: OSError, *, doing: str) -> FileError:
    """Return what to tell of a step that the file system refused; the file stays where it was."""
    why = error.strerror or str(error)
    code = _CODES.get(error.errno or 0, _OTHERWISE)
    return FileError(code, f"{doing}: {why}. It was left where it was.")
