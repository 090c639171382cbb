"""Who may change the library's state: one ingest or one apply at a time, across processes.

A lease is renewed while its holder lives. It lapses after `LEASE_S` seconds without renewal, or
at once when its holder was a process of this machine that is gone.
"""

import os
import platform
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from autodedup.engine.errors import AutoDedupError, DatabaseLockedError
from autodedup.engine.store.database import Database, integer, scalar

LEASE_S = 30.0
RENEW_S = 5.0

# Windows' own numbers, see OpenProcess and GetExitCodeProcess.
_QUERY_LIMITED_INFORMATION = 0x1000
_NO_SUCH_PROCESS = 87
_STILL_ACTIVE = 259
_HOST = platform.node()


def process_name() -> str:
    """Return a name for this process that no other has: host, pid and a nonce."""
    return f"{_HOST}:{os.getpid()}:{_NONCE}"


_NONCE = uuid.uuid4().hex[:8]


def is_gone(owner: str) -> bool:
    """Return whether the owner was a process of this machine that no longer runs."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if host != _HOST or not rest.isdigit():
        return False
    if int(rest) == os.getpid():
        return owner != process_name()
    return not _runs(int(rest))


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return _runs_on_windows(pid)  # os.kill(pid, 0) would send it a Ctrl-C there
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _runs_on_windows(pid: int) -> bool:
    if sys.platform != "win32":
        raise AssertionError(pid)
    import ctypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, 0, pid)
    if not handle:
        return ctypes.get_last_error() != _NO_SUCH_PROCESS
    try:
        code = ctypes.c_ulong()
        known = kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        return not known or code.value == _STILL_ACTIVE
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))


@contextmanager
def lease(db: Database, doing: str, stop: threading.Event) -> Iterator[None]:
    """Hold the library's one writing lease; `stop` is set if it is ever lost to another.

    That can happen to a machine that slept: its work has to end before it meets the other's.

    Raises:
        DatabaseLockedError: Another ingest or apply holds it; details say how long to wait.
    """
    owner = f"{doing}|{process_name()}|{uuid.uuid4().hex[:8]}"
    _take(db, owner)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            try:
                if not _renew(db, owner):
                    stop.set()
                    return
            except AutoDedupError:
                continue  # locked for a moment: the lease outlasts several missed renewals

    keeper = threading.Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        with db.atomic() as connection:
            connection.execute("DELETE FROM leases WHERE work = 'library' AND owner = ?", (owner,))


def _take(db: Database, owner: str) -> None:
    now = time.time()
    with db.atomic() as connection:
        row = connection.execute(
            "SELECT owner, expires_at FROM leases WHERE work = 'library'"
        ).fetchone()
        if row is not None:
            holder, expires_at = str(row[0]), float(row[1])
            doing, process, _ = holder.split("|")
            if expires_at > now and not is_gone(process):
                raise DatabaseLockedError(
                    f"{doing} is at work on this library; nothing was started.",
                    details={
                        "doing": doing,
                        "retry_after_s": max(1, min(10, int(expires_at - now))),
                    },
                )
        connection.execute(
            "INSERT OR REPLACE INTO leases (work, owner, expires_at) VALUES ('library', ?, ?)",
            (owner, now + LEASE_S),
        )


def _renew(db: Database, owner: str) -> bool:
    with db.atomic() as connection:
        connection.execute(
            "UPDATE leases SET expires_at = ? WHERE work = 'library' AND owner = ?",
            (time.time() + LEASE_S, owner),
        )
        return integer(connection, "SELECT changes()") == 1


def holder(db: Database) -> str | None:
    """Return what is at work on the library, or None."""
    with db.read() as connection:
        owner = scalar(
            connection,
            "SELECT owner FROM leases WHERE work = 'library' AND expires_at > ?",
            (time.time(),),
        )
    if owner is None:
        return None
    doing, process, _ = str(owner).split("|")
    return None if is_gone(process) else doing
