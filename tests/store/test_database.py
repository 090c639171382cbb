"""The state database opens whole or not at all, and writes all of a change or none of it."""

import threading
from pathlib import Path

import apsw
import pytest

from autodedup.engine.errors import (
    DatabaseDamagedError,
    DatabaseLockedError,
    DatabaseTooNewError,
    NoSpaceError,
    PermissionDeniedError,
    ReadOnlyError,
)
from autodedup.engine.store.database import Database, integer, migrations


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.db"


def add_root(db: Database, name: bytes) -> None:
    with db.atomic() as connection:
        connection.execute("INSERT INTO roots (path, added_at) VALUES (?, 0)", (name,))


def roots_in(db: Database) -> int:
    with db.read() as connection:
        return integer(connection, "SELECT count(*) FROM roots")


def test_a_new_database_has_every_migration_and_is_whole(path: Path) -> None:
    db = Database(path)
    assert db.schema_version() == len(migrations())
    assert db.quick_check() == "ok"


def test_bit_vectors_can_be_kept_and_searched(path: Path) -> None:
    db = Database(path)
    with db.atomic() as connection:
        connection.execute("CREATE VIRTUAL TABLE hashes USING vec0(hash bit[256])")
        for number, bits in ((1, b"\x00" * 32), (2, b"\xff" * 32)):
            connection.execute(
                "INSERT INTO hashes (rowid, hash) VALUES (?, vec_bit(?))", (number, bits)
            )
    with db.read() as connection:
        nearest = connection.execute(
            "SELECT rowid, distance FROM hashes WHERE hash MATCH vec_bit(?) AND k = 1",
            (b"\xff" * 31 + b"\xfe",),
        ).fetchone()
    assert nearest == (2, 1.0)


def test_a_change_that_fails_half_way_leaves_nothing_behind(path: Path) -> None:
    db = Database(path)
    with pytest.raises(ZeroDivisionError), db.atomic() as connection:
        connection.execute("INSERT INTO roots (path, added_at) VALUES (x'61', 0)")
        raise ZeroDivisionError
    assert roots_in(db) == 0


def test_an_inner_change_is_undone_alone_when_its_failure_is_caught(path: Path) -> None:
    db = Database(path)
    with db.atomic() as connection:
        connection.execute("INSERT INTO roots (path, added_at) VALUES (x'61', 0)")
        with pytest.raises(ZeroDivisionError), db.atomic() as inner:
            inner.execute("INSERT INTO roots (path, added_at) VALUES (x'62', 0)")
            raise ZeroDivisionError
    assert roots_in(db) == 1


def test_every_thread_can_read_and_write(path: Path) -> None:
    db = Database(path)
    threads = [
        threading.Thread(target=add_root, args=(db, f"/r{number}".encode())) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert roots_in(db) == 8


def test_a_database_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    db = Database(path)
    with db.atomic() as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations()) + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseTooNewError):
        Database(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"twenty years of family videos, somehow in one file" * 100)
    before = path.read_bytes()
    with pytest.raises(DatabaseDamagedError):
        Database(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    other = apsw.Connection(str(path))
    other.execute("CREATE TABLE photos (id INTEGER)")
    other.close()
    with pytest.raises(DatabaseDamagedError, match="not a database of AutoDedup"):
        Database(path)


def test_a_damaged_page_is_found(path: Path) -> None:
    db = Database(path)
    for number in range(2000):
        add_root(db, b"%d" % number * 20)
    db.close()
    raw = bytearray(path.read_bytes())
    for at in range(4096 * 4, len(raw), 4096):
        raw[at : at + 64] = b"\xa5" * 64
    path.write_bytes(raw)
    with pytest.raises(DatabaseDamagedError):
        assert Database(path).quick_check() == "ok", "damage was not reported"
        raise AssertionError


def test_a_database_that_stays_locked_says_so_and_when_to_come_back(path: Path) -> None:
    db = Database(path, busy_timeout_s=0.05)
    other = apsw.Connection(str(path))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseLockedError) as raised:
        add_root(db, b"/late")
    assert raised.value.details is not None
    assert raised.value.details["retry_after_s"]
    other.execute("ROLLBACK")
    add_root(db, b"/late")


def test_two_processes_may_open_a_new_database_at_once(path: Path) -> None:
    opened: list[Database] = []
    threads = [threading.Thread(target=lambda: opened.append(Database(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [db.schema_version() for db in opened] == [len(migrations())] * 4


def test_a_folder_that_cannot_be_made_is_told_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises((PermissionDeniedError, ReadOnlyError)) as raised:
        Database(tmp_path / "file" / "state.db")
    assert "--db" in raised.value.hint


def test_a_read_only_opening_refuses_to_write(path: Path) -> None:
    Database(path).close()
    db = Database(path, read_only=True)
    assert roots_in(db) == 0
    with pytest.raises((ReadOnlyError, PermissionDeniedError)):
        add_root(db, b"/new")


def test_a_thread_that_has_ended_leaves_no_file_open(path: Path) -> None:
    db = Database(path)
    for _ in range(3):
        thread = threading.Thread(target=roots_in, args=(db,))
        thread.start()
        thread.join()
    assert len(db._open) == 2, "one here, and one of the thread that ended last"


def test_a_thread_can_let_go_of_the_file_and_take_it_up_again(path: Path) -> None:
    db = Database(path)
    connection = db.connection
    db.release()
    with pytest.raises(apsw.ConnectionClosedError):
        connection.execute("SELECT 1")
    db.release()
    assert roots_in(db) == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (apsw.SQLITE_IOERR_READ, DatabaseDamagedError),
        (apsw.SQLITE_IOERR_SHORT_READ, DatabaseDamagedError),
        (apsw.SQLITE_IOERR_CORRUPTFS, DatabaseDamagedError),
        (apsw.SQLITE_IOERR_WRITE, NoSpaceError),
        (apsw.SQLITE_IOERR_FSYNC, NoSpaceError),
        (apsw.SQLITE_FULL, NoSpaceError),
    ],
)
def test_a_disk_that_cannot_be_read_is_not_taken_for_a_full_one(
    path: Path, said: int, told: type[Exception]
) -> None:
    db = Database(path)
    with pytest.raises(told), db.read():
        raise apsw.exception_for(said)
