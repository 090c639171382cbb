"""One ingest or apply at a time, whoever asks, and none for ever."""

import ctypes
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from autodedup.engine.errors import DatabaseLockedError
from autodedup.engine.store import leases
from autodedup.engine.store.database import Database


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return Database(tmp_path / "state.db")


def test_the_second_to_ask_is_told_who_is_at_work(db: Database) -> None:
    with leases.lease(db, "ingest", threading.Event()):
        assert leases.holder(db) == "ingest"
        with (
            pytest.raises(DatabaseLockedError) as raised,
            leases.lease(db, "apply", threading.Event()),
        ):
            pytest.fail("two hold the lease")
    assert raised.value.details is not None
    assert raised.value.details["doing"] == "ingest"
    assert raised.value.details["retry_after_s"]


def test_the_lease_is_free_again_after_a_failure(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), leases.lease(db, "ingest", threading.Event()):
        raise ZeroDivisionError
    assert leases.holder(db) is None
    with leases.lease(db, "apply", threading.Event()):
        pass


def test_the_lease_of_a_process_that_died_is_taken_over_at_once(db: Database) -> None:
    script = (
        "import os, sys, threading; from pathlib import Path; "
        "from autodedup.engine.store.database import Database; "
        "from autodedup.engine.store import leases; "
        "db = Database(Path(sys.argv[1])); "
        "held = leases.lease(db, 'apply', threading.Event()); held.__enter__(); "
        "os._exit(9)"
    )
    died = subprocess.run([sys.executable, "-P", "-c", script, str(db.path)], check=False)
    assert died.returncode == 9
    assert leases.holder(db) is None
    with leases.lease(db, "ingest", threading.Event()):
        assert leases.holder(db) == "ingest"


def test_the_lease_of_another_machine_is_respected_until_it_lapses(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.atomic() as connection:
        connection.execute(
            "INSERT INTO leases VALUES ('library', 'apply|elsewhere:1:abcd|x', unixepoch() + 60)"
        )
    with pytest.raises(DatabaseLockedError), leases.lease(db, "ingest", threading.Event()):
        pytest.fail("a living lease was taken")
    with db.atomic() as connection:
        connection.execute("UPDATE leases SET expires_at = unixepoch() - 1")
    with leases.lease(db, "ingest", threading.Event()):
        pass


def test_a_lease_is_renewed_while_its_holder_lives(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE_S", 0.6)
    monkeypatch.setattr(leases, "RENEW_S", 0.05)
    stop = threading.Event()
    with leases.lease(db, "ingest", stop):
        assert not stop.wait(1.0)
        assert leases.holder(db) == "ingest"


def test_a_holder_learns_that_its_lease_was_taken(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEW_S", 0.02)
    stop = threading.Event()
    with leases.lease(db, "ingest", stop):
        with db.atomic() as connection:
            connection.execute("UPDATE leases SET owner = 'apply|elsewhere:1:abcd|x'")
        assert stop.wait(5)


class _OpenProcess:
    restype: type | None = None

    def __call__(self, _rights: int, _inherit: int, pid: int) -> int:
        return pid if pid == 1 else 0


class _Kernel:
    """The part of Windows' kernel32 that is asked: process 1 has ended, nobody may look at 2."""

    def __init__(self, _name: str, *, use_last_error: bool) -> None:
        assert use_last_error
        self.OpenProcess = _OpenProcess()
        self.closed: list[object] = []

    def GetExitCodeProcess(self, _handle: object, _code: object) -> int:  # noqa: N802
        return 1  # the code stays 0: it has ended

    def CloseHandle(self, handle: object) -> None:  # noqa: N802
        self.closed.append(handle)


def test_on_windows_a_process_is_looked_at_and_never_sent_a_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(*_: int) -> None:
        pytest.fail("os.kill sends Ctrl-C on Windows")

    host = leases.process_name().split(":")[0]
    monkeypatch.setattr(os, "kill", never)
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(ctypes, "WinDLL", _Kernel, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 5, raising=False)
    assert leases.is_gone(f"{host}:1:abcd")
    assert not leases.is_gone(f"{host}:2:abcd")
    monkeypatch.setattr(ctypes, "get_last_error", lambda: 87, raising=False)
    assert leases.is_gone(f"{host}:2:abcd")
