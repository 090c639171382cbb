"""Sharing blocks between files: a copy that takes no space until one of the two is changed."""

import errno
import sys

# FICLONE, _IOW(0x94, 9, int): ioctl_ficlone(2). Btrfs, XFS, bcachefs, some ZFS and overlay.
_FICLONE = 0x40049409
_CANNOT = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV, errno.ENOSYS, errno.ETXTBSY}
)


def clone(source: int, target: int) -> bool:
    """Make the open, empty target share all blocks of the source; return False if it cannot.

    Raises:
        OSError: The disk fails (no space for the records, read-only, input/output error).
    """
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError as error:
        if error.errno in _CANNOT:
            return False
        raise
    return True
