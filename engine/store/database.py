"""The one SQLite file: opening it, one connection a thread, and the only way to write to it."""

import errno
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import apsw
import sqlite_vec

from autodedup.engine.errors import (
    AutoDedupError,
    DatabaseDamagedError,
    DatabaseLockedError,
    DatabaseTooNewError,
    NoSpaceError,
    PermissionDeniedError,
    ReadOnlyError,
)
from autodedup.engine.names import shown
from autodedup.engine.store.packing import PackFrames

APPLICATION_ID = 0x41444450  # "ADDP": marks the file as ours, see SQLite's application_id
RETRY_AFTER_S = 2
ELSEWHERE = "Point --db at a writable folder, or mount the disk for writing."

# What SQLite says when a disk is full in another way, or a limit on file sizes is met.
_FAILED_WRITES = frozenset(
    {
        apsw.SQLITE_IOERR_WRITE,
        apsw.SQLITE_IOERR_FSYNC,
        apsw.SQLITE_IOERR_DIR_FSYNC,
        apsw.SQLITE_IOERR_TRUNCATE,
        apsw.SQLITE_IOERR_SHMSIZE,
    }
)


class Database:
    """A state database.

    Every thread gets a connection of its own. Reads go through `read`, every write through
    `atomic`; both turn SQLite's errors into ours. With `read_only` the file is opened without
    the right to write and migrations are not run.
    """

    def __init__(self, path: Path, *, busy_timeout_s: float = 5.0, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._busy_timeout_ms = int(busy_timeout_s * 1000)
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[tuple[threading.Thread, apsw.Connection]] = []
        with self._translated():
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            self._migrate()

    @property
    def connection(self) -> apsw.Connection:
        """Return this thread's connection, opened on first use."""
        existing: apsw.Connection | None = getattr(self._local, "connection", None)
        if existing is None:
            existing = self._connect()
            self._local.connection = existing
            with self._lock:
                self._close_of_ended_threads()
                self._open.append((threading.current_thread(), existing))
        return existing

    def _close_of_ended_threads(self) -> None:
        # A server answers each call in whatever thread is free and lives for months: what an
        # ended thread left open would add up to the limit on open files.
        for thread, connection in self._open:
            if not thread.is_alive():
                connection.close()
        self._open = [held for held in self._open if held[0].is_alive()]

    @contextmanager
    def read(self) -> Iterator[apsw.Connection]:
        """Give a connection whose reads all see one state of the database.

        Raises:
            DatabaseLockedError: It stayed locked for the whole busy timeout.
            DatabaseDamagedError: It cannot be read.
        """
        with self._translated():
            connection = self.connection
            if connection.in_transaction:
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def atomic(self) -> Iterator[apsw.Connection]:
        """Give a connection whose writes all happen, durably, or none of them does.

        Blocks may be nested in one thread; the outermost commits.

        Raises:
            DatabaseLockedError: Another process kept it locked for the busy timeout.
            NoSpaceError: The disk is full.
            ReadOnlyError: The disk or the file does not take writes.
        """
        with self._translated():
            connection = self.connection
            if connection.in_transaction:
                with connection:
                    yield connection
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK") if connection.in_transaction else None
                raise
            try:
                connection.execute("COMMIT")
            except BaseException:
                # A commit that failed (a full disk) may leave the transaction open.
                connection.execute("ROLLBACK") if connection.in_transaction else None
                raise

    def close(self) -> None:
        """Close every thread's connection. No other thread may be using one."""
        with self._lock:
            for _, connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()

    def release(self) -> None:
        """Close this thread's connection, if it has one: for a thread that is about to end."""
        mine: apsw.Connection | None = getattr(self._local, "connection", None)
        if mine is None:
            return
        del self._local.connection
        with self._lock:
            self._open = [held for held in self._open if held[1] is not mine]
        mine.close()

    def quick_check(self) -> str:
        """Return "ok", or the first damage that SQLite finds."""
        with self.read() as connection:
            return str(scalar(connection, "PRAGMA quick_check(1)"))

    def schema_version(self) -> int:
        """Return the number of the last migration that was applied."""
        with self.read() as connection:
            return integer(connection, "PRAGMA user_version")

    def _connect(self) -> apsw.Connection:
        flags = (
            apsw.SQLITE_OPEN_READONLY
            if self.read_only
            else (apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        )
        connection = apsw.Connection(os.fspath(self.path), flags=flags)
        connection.set_busy_timeout(self._busy_timeout_ms)
        connection.enable_load_extension(True)  # noqa: FBT003  # apsw takes it by position only
        connection.load_extension(sqlite_vec.loadable_path())
        connection.enable_load_extension(False)  # noqa: FBT003
        connection.create_aggregate_function("pack_frames", PackFrames, 5)
        if not self.read_only:
            connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a commit is on disk before we act on it; the journal's promise rests on this.
            connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def _migrate(self) -> None:
        known = migrations()
        connection = self.connection
        version = integer(connection, "PRAGMA user_version")
        owner = integer(connection, "PRAGMA application_id")
        tables = integer(connection, "SELECT count(*) FROM sqlite_master")
        if tables and owner != APPLICATION_ID:
            raise DatabaseDamagedError(
                f"{shown(str(self.path))} is not a database of AutoDedup; it was left alone.",
                hint="Point --db at another file.",
                details={"db": shown(str(self.path))},
            )
        if version > len(known):
            raise DatabaseTooNewError(
                f"The state database has schema version {version}; this AutoDedup knows up to "
                f"{len(known)}. It was left alone.",
                details={"db": shown(str(self.path)), "version": version, "known": len(known)},
            )
        if self.read_only:
            return
        for number in range(version + 1, len(known) + 1):
            with self.atomic() as writing:
                # Another process may have been first.
                if integer(writing, "PRAGMA user_version") >= number:
                    continue
                writing.execute(known[number - 1])
                writing.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                writing.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what SQLite and the file system say into errors with a code and a remedy."""
        where = shown(str(self.path))
        try:
            yield
        except AutoDedupError:
            raise
        except (apsw.BusyError, apsw.LockedError) as error:
            raise DatabaseLockedError(
                f"{where} is held by another process; nothing was written.",
                details={"db": where, "retry_after_s": RETRY_AFTER_S},
            ) from error
        except apsw.FullError as error:
            raise NoSpaceError(
                f"The disk of {where} is full; the last write was rolled back.",
                details={"db": where},
            ) from error
        except (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError) as error:
            raise _cannot_open(self.path, error) from error
        except (apsw.CorruptError, apsw.NotADBError) as error:
            raise DatabaseDamagedError(
                f"{where} is damaged or not a database: {error}. It was left alone.",
                details={"db": where},
            ) from error
        except OSError as error:
            raise _cannot_make_folder(self.path, error) from error
        except apsw.IOError as error:
            if _told_by(error) in _FAILED_WRITES:
                raise NoSpaceError(
                    f"The disk of {where} does not take writes: {error}.", details={"db": where}
                ) from error
            raise DatabaseDamagedError(
                f"{where} cannot be read: {error}. It was left alone.",
                hint="Look at the disk; if it is sound, move the database away and ingest again.",
                details={"db": where},
            ) from error


def _told_by(error: apsw.Error) -> int:
    """Return SQLite's extended result code; apsw's types do not know that its errors have it."""
    code: object = getattr(error, "extendedresult", 0)
    return code if isinstance(code, int) else 0


def _cannot_make_folder(path: Path, error: OSError) -> AutoDedupError:
    where = shown(str(path))
    said = f"The folder of {where} cannot be made: {error.strerror}."
    if error.errno == errno.ENOSPC:
        return NoSpaceError(said, details={"db": where})
    if error.errno == errno.EROFS:
        return ReadOnlyError(said, hint=ELSEWHERE, details={"db": where})
    return PermissionDeniedError(said, hint=ELSEWHERE, details={"db": where})


def _cannot_open(path: Path, error: Exception) -> AutoDedupError:
    where = shown(str(path))
    # os.path and os.access answer no, and raise nothing, where a folder above is closed to us.
    if os.path.exists(path) and not os.access(path, os.R_OK):  # noqa: PTH110
        return PermissionDeniedError(f"{where} may not be read.", details={"db": where})
    if os.path.exists(path.parent) and not os.access(path.parent, os.W_OK):  # noqa: PTH110
        return ReadOnlyError(
            f"{where} cannot be written: {error}.",
            hint=ELSEWHERE,
            details={"db": where},
        )
    return PermissionDeniedError(f"{where} cannot be opened: {error}.", details={"db": where})


def scalar(
    connection: apsw.Connection, sql: str, bindings: "apsw.Bindings | None" = None
) -> "apsw.SQLiteValue":
    """Return the first column of the first row, or None where there is no row."""
    row: tuple[object, ...] | None = connection.execute(sql, bindings).fetchone()
    return None if row is None else row[0]


def integer(connection: apsw.Connection, sql: str, bindings: "apsw.Bindings | None" = None) -> int:
    """Return a number that the query is sure to give, 0 where there is no row."""
    value = scalar(connection, sql, bindings)
    return value if isinstance(value, int) else 0


def migrations() -> tuple[str, ...]:
    """Return the SQL of every migration, in order; the n-th brings the schema to version n."""
    folder = resources.files("autodedup.engine.store") / "migrations"
    scripts = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".sql")), key=lambda s: s.name
    )
    return tuple(script.read_text(encoding="utf-8") for script in scripts)
