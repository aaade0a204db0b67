"""What is particular about SQLite: its settings, its one lock for writers, its errors, its checkpoints."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from limner.domain.errors import DatabaseError, DatabaseUnavailable, LimnerError, StorageFull

BUSY_SECONDS = 5.0
WAL_LIMIT = 64 * 1024 * 1024
CACHE_KIB = 64 * 1024

FIRST_PAUSE = 0.00005
LONGEST_PAUSE = 0.001

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


def writing_engine(path: Path) -> Engine:
    """Its transactions begin IMMEDIATE: a read that turns into a write fails at once, whatever the busy timeout."""
    engine = _engine(URL.create("sqlite", database=str(path)), _PRAGMAS)
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
                raise DatabaseUnavailable("Another process holds the database and does not let go. Nothing was queued.")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Straight to the driver: SQLAlchemy's own take some 50 µs a group and 60 µs a savepoint."""
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


def ping(connection: Connection) -> None:
    """Raises where the database cannot be read."""
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master")


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
    return f"The database does not answer ({error}). Nothing was queued."


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
