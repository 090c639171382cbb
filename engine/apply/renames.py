"""Renaming that cannot overwrite, and exchanging two names: what each system offers for it.

Linux has renameat2(2), macOS renameatx_np(2); the C library is called directly because Python's
`os.rename` replaces an existing file in silence. Elsewhere, and on file systems that know neither,
a second name is linked and the first one taken away: link(2) refuses a name that is taken.
"""

import ctypes
import errno
import functools
import os
import sys
from collections.abc import Callable
from typing import Literal

RenameMeans = Literal["renameat2", "renameatx_np", "link+unlink", "rename"]

_AT_FDCWD = -2 if sys.platform == "darwin" else -100
_NO_REPLACE, _EXCHANGE = (4, 2) if sys.platform == "darwin" else (1, 2)
_NOT_OFFERED = frozenset({errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP})

# A name and the descriptor of its folder; None stands for a path of its own.
Address = tuple[str, int | None]


def rename_to_free_name(source: Address, target: Address) -> RenameMeans:
    """Rename without ever replacing anything, and return by what means.

    Raises:
        FileExistsError: The name is taken.
        OSError: The system refuses; errno EXDEV when the two lie on different file systems.
    """
    if sys.platform == "win32":
        os.rename(source[0], target[0])  # noqa: PTH104  # refuses a taken name on this system
        return "rename"
    means = system_rename()
    if means is not None:
        try:
            means[1](source, target, _NO_REPLACE)
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
        else:
            return means[0]
    link_then_unlink(source, target)
    return "link+unlink"


def exchange(one: Address, other: Address) -> None:
    """Exchange two names in one atomic step.

    Raises:
        OSError: errno EOPNOTSUPP where neither system nor file system offers it.
    """
    means = system_rename()
    try:
        if means is None:
            raise OSError(errno.ENOSYS, "no call for it here")
        means[1](one, other, _EXCHANGE)
    except OSError as error:
        if error.errno not in _NOT_OFFERED:
            raise
        why = "two names cannot be exchanged atomically on this file system"
        raise OSError(errno.EOPNOTSUPP, why) from error


def link_then_unlink(source: Address, target: Address) -> None:
    """Give the file its second name, then take the first away if it still shows that file.

    Between the last look and the removal a window of microseconds remains in which another
    program could replace the first name; the calls above have none.
    """
    (old, old_folder), (new, new_folder) = source, target
    os.link(old, new, src_dir_fd=old_folder, dst_dir_fd=new_folder, follow_symlinks=False)
    moved = os.stat(new, dir_fd=new_folder, follow_symlinks=False)
    try:
        first = os.stat(old, dir_fd=old_folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if (first.st_dev, first.st_ino) == (moved.st_dev, moved.st_ino):
        try:
            os.unlink(old, dir_fd=old_folder)
        except OSError:
            os.unlink(new, dir_fd=new_folder)  # one name, as before
            raise


RenameCall = Callable[[Address, Address, int], None]


@functools.cache
def system_rename() -> tuple[RenameMeans, RenameCall] | None:
    """Return this system's call that renames without overwriting, if the C library has it."""
    means: RenameMeans = "renameatx_np" if sys.platform == "darwin" else "renameat2"
    library = ctypes.CDLL(None, use_errno=True)
    try:
        function = library[means]
    except AttributeError:
        return None
    function.argtypes = [
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_uint,
    ]
    function.restype = ctypes.c_int

    def call(source: Address, target: Address, flags: int) -> None:
        result = function(
            _AT_FDCWD if source[1] is None else source[1],
            os.fsencode(source[0]),
            _AT_FDCWD if target[1] is None else target[1],
            os.fsencode(target[0]),
            flags,
        )
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return means, call
