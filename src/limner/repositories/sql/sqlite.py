"""What is particular about SQLite: its settings, its one lock for writers, its errors, its checkpoints."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from limner.contracts.clock import Clock, SystemClock
from limner.domain.errors import DatabaseError, DatabaseUnavailable, LimnerError, StorageFull
from limner.repositories.sql import migrating
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.network_folder import refuse_network

BUSY_SECONDS = 5.0
WAL_LIMIT = 64 * 1024 * 1024
CACHE_KIB = 64 * 1024

FIRST_PAUSE = 0.00005
LONGEST_PAUSE = 0.001

CHECKPOINT_PAGES = 2000
"""Pages in the log at which it is moved into the database: writers wait 10 to 20 ms for so many."""
FIRST_CHECKPOINT = 20
MOST_COMMITS = 1000

_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "fullfsync=" + ("ON" if sys.platform == "darwin" else "OFF"),
    "mmap_size=0",
    "wal_autocheckpoint=0",
    f"journal_size_limit={WAL_LIMIT}",
    f"cache_size=-{CACHE_KIB}",
    "temp_store=MEMORY",  # what a savepoint may undo: large groups would write it to /var/tmp, page by page
    "foreign_keys=ON",
)


def retired_of(path: Path) -> Path:
    """What a file is called whose rows were moved to another database."""
    return path.with_name(f"{path.name}.moved")


class SqliteDatabase:
    """A file, which several processes of this machine may share."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def prepare(self, moment: Moment) -> None:
        self.migrate(moment)

    def migrate(self, moment: Moment) -> tuple[str | None, str]:
        """Creates or upgrades the file, one process at a time, after a copy; what is newer, broken or a network's is refused."""
        lock = FileLock(self._path)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            refuse_network(self._path)
            with lock.held():
                self._refuse_moved()
                with closing(writing_engine(self._path).connect()) as connection:
                    before = self._upgrade(connection)
                    migrating.recount_lanes(connection, moment)
                    return before, migrating.HEAD
        except Exception as error:
            ours = self._as_told(error)
            if ours is None:
                raise
            raise ours from error
        finally:
            lock.close()

    def _refuse_moved(self) -> None:
        if retired_of(self._path).exists() and not self._path.exists():
            raise DatabaseError(
                f"The rows of {self._path} were moved to another database: name that one (LIMNER_DATABASE). To begin anew "
                f"here, move {retired_of(self._path).name} away; to go back to what was before the move, give it its old name."
            )

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Others cannot write meanwhile; they may come and read."""
        self._refuse_absent()
        lock = FileLock(self._path)
        try:
            with lock.held():
                self._refuse_absent()  # another process may just have moved them
                with closing(writing_engine(self._path).connect()) as connection:
                    _refuse_company(connection, self._path)
                    yield connection
        finally:
            lock.close()

    def _refuse_absent(self) -> None:
        if not self._path.exists():
            raise DatabaseError(f"There are no rows in {self._path}: there is no such file.")

    def retire(self) -> Path:
        """Nobody starts on it again by mistake; where it is now. Once its rows are elsewhere, whoever did would take the
        pictures that are painted there for orphans.
        """
        return self._path.rename(retired_of(self._path))

    def clock(self) -> Clock:
        return SystemClock()

    def pen(self) -> SqlitePen:
        return SqlitePen(self._path)

    def connect_for_reading(self) -> Connection:
        return reading_engine(self._path).connect()

    def keep_time(self, connection: Connection) -> None:
        """It is this machine's."""

    def ping(self, connection: Connection) -> None:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("SELECT count(*) FROM sqlite_master")

    def copy(self, connection: Connection, target: Path) -> None:
        copy_database(connection, target)

    def translate(self, error: BaseException) -> LimnerError | None:
        return translate(error)

    def is_passing(self, error: BaseException) -> bool:
        del error
        return False  # one transaction at a time

    def is_busy(self, error: BaseException) -> bool:
        del error
        return False

    def is_outage(self, error: BaseException) -> bool:
        return isinstance(error, LimnerError) or translate(error) is not None

    def has_lost_connection(self, error: BaseException) -> bool:
        del error
        return False  # a file is there, or it is not

    def _upgrade(self, connection: Connection) -> str | None:
        """The revision before."""
        current = migrating.revision_of(connection)
        if current == migrating.HEAD:
            return current
        if current is not None:
            if not migrating.is_known(current):
                raise DatabaseError(self._newer(current))
            copy_database(connection, self._backup_path(migrating.HEAD))
        migrating.upgrade(connection)
        return current

    def _backup_path(self, revision: str) -> Path:
        """Where the copy lies that is made before an upgrade to a revision."""
        return self._path.with_name(f"{self._path.name}.before-{revision}")

    def _newer(self, revision: str) -> str:
        backup = self._backup_path(revision)
        otherwise = f", or restore the backup at {backup}" if backup.exists() else ""
        return f"This database was written by a newer Limner (revision {revision}). Upgrade Limner{otherwise}."

    def _as_told(self, error: Exception) -> LimnerError | None:
        if isinstance(error, LimnerError):
            return error
        ours = translate(error)
        return DatabaseError(f"{self._path} cannot be used as Limner's database. {ours.detail}") if ours else None


class SqlitePen:
    """Every write transaction and checkpoint holds the file lock."""

    shares_transactions = True

    def __init__(self, path: Path) -> None:
        self._engine = writing_engine(path, create=False)  # an empty one, where another process has just moved the rows
        self._lock = FileLock(path)
        self._connection: Connection | None = None
        self._commits_left = FIRST_CHECKPOINT
        self._commits = 0

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Straight to the driver: SQLAlchemy's own take some 50 µs a group and 60 µs a savepoint."""
        with self._lock.held():
            if self._connection is None:
                self._connection = self._engine.connect()
            with transaction(self._connection):
                yield self._connection
        self._commits += 1

    def savepoint(self, connection: Connection) -> AbstractContextManager[None]:
        return savepoint(connection)

    def tidy(self) -> None:
        """Checkpoints when due: nothing tells how long the log is but that itself, so it is foretold from the last."""
        if self._commits < self._commits_left or self._connection is None:
            return
        with self._lock.held():
            pages = checkpoint(self._connection)
        pages_a_commit = max(1.0, pages / self._commits)
        self._commits_left = max(1, min(MOST_COMMITS, int(CHECKPOINT_PAGES / pages_a_commit)))
        self._commits = 0

    def disconnect(self) -> None:
        """Under the file lock, because the last connection to close checkpoints."""
        if self._connection is not None:
            with suppress(Exception), self._lock.held():
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        self.disconnect()
        self._lock.close()


def writing_engine(path: Path, *, create: bool = True) -> Engine:
    """Its transactions begin IMMEDIATE: a read that turns into a write fails at once, whatever the busy timeout."""
    query = {"mode": "rwc" if create else "rw", "uri": "true"}
    engine = _engine(URL.create("sqlite", database=path.absolute().as_uri(), query=query), _PRAGMAS)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def reading_engine(path: Path) -> Engine:
    """Read-only, so that closing its last connection does not checkpoint outside the file lock."""
    url = URL.create("sqlite", database=path.as_uri(), query={"mode": "ro", "uri": "true"})
    engine = _engine(url, ("mmap_size=0", "query_only=ON"))
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _engine(url: URL, pragmas: tuple[str, ...]) -> Engine:
    arguments = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, poolclass=NullPool, paramstyle="named", connect_args=arguments)

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return engine


class FileLock:
    """Held around every write transaction and checkpoint, by every process on this machine.

    It keeps SQLite 3.7.0 to 3.51.2 clear of a bug that can corrupt the file when two connections write and checkpoint
    at the same instant. The kernel drops it with the process that held it.
    """

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._file: int | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises DatabaseUnavailable when another process does not let go for BUSY_SECONDS."""
        if self._file is None:
            self._file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._take(self._file, time.monotonic() + BUSY_SECONDS)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _take(self, file: int, until: float) -> None:
        """Asks again and again, because a blocking flock cannot be given a time limit in a thread."""
        pause = FIRST_PAUSE
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            if time.monotonic() > until:
                raise DatabaseUnavailable(
                    "Another process holds the database and does not let go. Nothing was changed."
                )
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            yield
            cursor.execute("COMMIT")
        except BaseException:
            if _in_transaction(connection):
                cursor.execute("ROLLBACK")
            raise


@contextmanager
def savepoint(connection: Connection) -> Iterator[None]:
    """What fails inside is undone alone."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("SAVEPOINT command")
        try:
            yield
        except BaseException:
            if _in_transaction(connection):
                cursor.execute("ROLLBACK TO command")
                cursor.execute("RELEASE command")
            raise
        cursor.execute("RELEASE command")


def _in_transaction(connection: Connection) -> bool:
    """A full disk may have rolled back everything already."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.in_transaction


def _refuse_company(connection: Connection, path: Path) -> None:
    """SQLite gives up its log only where nobody else has the file open, not even to read."""
    with closing(connection.connection.cursor()) as cursor:
        try:
            cursor.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            raise DatabaseError(f"{path} is in use. Stop all servers and workers, and try again.") from error


def checkpoint(connection: Connection) -> int:
    """Moves the log into the database as far as readers allow; the pages that the log holds. Needs the file lock."""
    cursor = connection.connection.cursor()
    try:
        pages: int = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        if pages * 4096 > WAL_LIMIT:
            # The file shrinks only by TRUNCATE, which waits for readers: not for long, the next time will do.
            cursor.execute("PRAGMA busy_timeout=50")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            cursor.execute(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")
        return pages
    finally:
        cursor.close()


_FULL = {sqlite3.SQLITE_FULL}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}


def translate(error: BaseException) -> LimnerError | None:
    """Ours for an error of the driver or the operating system; None for one that is a bug."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    if isinstance(error, OSError):
        return StorageFull() if error.errno in {errno.ENOSPC, errno.EDQUOT} else DatabaseUnavailable(_sentence(error))
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    if primary in _FULL:
        return StorageFull("The disk that holds the database is full. Nothing was queued.", retry_after=10.0)
    if primary in _BROKEN:
        return DatabaseError(f"The database file is damaged ({error}). Restore it from a backup.")
    return DatabaseUnavailable(_sentence(error)) if primary in _UNAVAILABLE else None


def _sentence(error: BaseException) -> str:
    return f"The database does not answer ({error}). Nothing was changed."


def copy_database(connection: Connection, target: Path) -> None:
    """A consistent copy, complete under its name or not there at all. Never copy the file itself: closing any
    descriptor of it drops the locks that SQLite holds in this process.
    """
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    with closing(sqlite3.connect(unfinished)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    _sync(unfinished)
    unfinished.replace(target)
    _sync(target.parent)


def _sync(place: Path) -> None:
    file = os.open(place, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
