"""What is particular about Postgres: many processes on many machines write at the same time, and any of them may lose
its connection.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from limner.contracts.clock import Clock, seconds
from limner.domain.errors import DatabaseError, DatabaseUnavailable, LimnerError, StorageFull
from limner.repositories.sql import migrating
from limner.repositories.sql.installation import find_arriving
from limner.repositories.sql.locks import EVERYBODY
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.positions import LONGEST
from limner.repositories.sql.sessions import refuse_changing_sessions, settings_of
from limner.repositories.sql.tables import metadata

CONNECT_SECONDS = 5
CLOCK_BELIEVED = 60.0
"""Seconds after which the server is asked for the time again."""
ROUGH_ANSWER = 1.0
"""Seconds: who waited longer for an answer learned the time too roughly, by up to half of them, to date leases by it."""
ROUGH_BELIEVED = 5.0
"""Seconds after which one who learned it so asks again."""

GONE_SECONDS = 1.0

OLDEST = 14

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SAVEPOINT command"
"""Who waited for a lock must see what the one before has written, whatever the server's default is."""

MIGRATING = 1
"""Beside EVERYBODY: who brings the tables to this version, or rows from elsewhere."""

_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
AND application_name = current_setting('application_name')
"""


class PostgresDatabase:
    """A database that other programs may use, too: all names begin with limner_."""

    def __init__(self, url: URL | str) -> None:
        self._url = _with_defaults(make_url(url))
        self._settings = settings_of(self._url)
        self._clock = ServerClock()
        self._reading = self._engine(isolation_level="REPEATABLE READ", execution_options={"postgresql_readonly": True})

    def prepare(self, moment: Moment) -> None:
        """Raises DatabaseError where `limner migrate` has still to be run, or a newer version did."""
        del moment
        try:
            refuse_changing_sessions(self.connect_for_listening)
            with closing(self._engine().connect()) as connection:
                _refuse_too_old(connection)
                self._clock.set(connection)
                _check(migrating.revision_of(connection))
                _refuse_half(connection)
        except (DBAPIError, psycopg.Error) as error:
            raise self.translate(error) or error from error

    def migrate(self, moment: Moment) -> tuple[str | None, str]:
        """Brings the tables to this version; of several processes that try at once, one does. The revision before, and
        the one reached.
        """
        try:
            refuse_changing_sessions(self.connect_for_listening)
            with closing(self._engine().connect()) as connection, _alone(connection):
                _refuse_too_old(connection)
                before = migrating.revision_of(connection)
                if before is not None and before != migrating.HEAD and not migrating.is_known(before):
                    raise DatabaseError(_newer(before))
                if before != migrating.HEAD:
                    migrating.upgrade(connection)
                migrating.recount_lanes(connection, moment)
                _analyze(connection)
                return before, migrating.HEAD
        except (DBAPIError, psycopg.Error) as error:
            raise self.translate(error) or error from error

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """Who uses it all the same may be told by other names than ours."""
        with closing(self._engine().connect()) as connection, _alone(connection):
            _refuse_company(connection)
            yield connection

    def clock(self) -> Clock:
        return self._clock

    def pen(self) -> PostgresPen:
        return PostgresPen(self._engine(isolation_level="AUTOCOMMIT"), self._clock)

    def connect_for_reading(self) -> Connection:
        return self._reading.connect()

    def keep_time(self, connection: Connection) -> None:
        self._clock.keep(connection)

    def ping(self, connection: Connection) -> None:
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("SELECT 1")

    def copy(self, connection: Connection, target: Path) -> None:
        del connection, target
        raise DatabaseError("Postgres has its own tools for that: pg_dump copies a running database.")

    def translate(self, error: BaseException) -> LimnerError | None:
        return translate(error)

    def is_passing(self, error: BaseException) -> bool:
        return isinstance(error, Stale) or isinstance(_original(error), _PASSING)

    def is_outage(self, error: BaseException) -> bool:
        """A commit that was not answered says so by its cause; one that was refused by ourselves has none."""
        found = error.__cause__ if isinstance(error, DatabaseUnavailable) else _original(error)
        return found is not None and _is_unavailable(found) and not isinstance(found, _PASSING)

    def has_lost_connection(self, error: BaseException) -> bool:
        return _is_lost(_original(error))

    def is_busy(self, error: BaseException) -> bool:
        return isinstance(_original(error), errors.LockNotAvailable)

    def connect_for_listening(self) -> psycopg.Connection[Any]:
        """Without SQLAlchemy: to wait for messages, whoever does."""
        _, given = self._reading.dialect.create_connect_args(self._url)
        connection = psycopg.connect(**given, autocommit=True)
        self._set(connection)
        return connection

    def _engine(self, **options: Any) -> Engine:
        engine = create_engine(self._url, poolclass=NullPool, hide_parameters=True, **options)
        event.listen(engine, "connect", self._set)
        return engine

    def _set(self, connection: psycopg.Connection[Any], _record: object = None) -> None:
        """Outside any transaction, which would take the settings with it if it were rolled back."""
        before = connection.autocommit
        connection.autocommit = True
        connection.execute(self._settings, prepare=False)
        connection.autocommit = before


class Stale(Exception):
    """The connection was gone before anything was sent through it."""


class PostgresPen:
    """Each kind of command has a transaction of its own, so that it waits for nobody whose rows it does not touch."""

    shares_transactions = False

    def __init__(self, engine: Engine, clock: ServerClock) -> None:
        self._engine = engine
        self._clock = clock
        self._connection: Connection | None = None
        self._fresh = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        connection = self._begin()
        driver = _driver(connection)
        began = time.monotonic()
        try:
            yield connection
            _refuse_too_long(time.monotonic() - began)
        except BaseException:
            with suppress(psycopg.Error):
                driver.execute("ROLLBACK")
            raise
        try:
            driver.execute("COMMIT")
        except psycopg.Error as error:
            raise DatabaseUnavailable(
                "The database went away while this was being kept. Look whether it was before you ask again."
            ) from error

    @contextmanager
    def savepoint(self, connection: Connection) -> Iterator[None]:
        """The first of a transaction came with its beginning, and its end lets all go: no round trips for either."""
        driver = _driver(connection)
        if not self._fresh:
            driver.execute("SAVEPOINT command")
        self._fresh = False
        try:
            yield
        except BaseException:
            with suppress(psycopg.Error):
                driver.execute("ROLLBACK TO command")
            raise

    def tidy(self) -> None:
        if self._connection is not None:
            self._clock.keep(self._connection)

    def disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()  # or SQLAlchemy would tidy up in it first
                connection.close()

    def close(self) -> None:
        self.disconnect()

    def _begin(self) -> Connection:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
            self._clock.set(connection)
        try:
            _driver(connection).execute(BEGIN, prepare=False)
        except psycopg.Error as error:
            self.disconnect()
            raise Stale from error
        self._fresh = True
        return connection


class ServerClock:
    """The server's time, so that all machines date rows alike: asked for now and then, counted on in between."""

    def __init__(self) -> None:
        self._known: tuple[datetime, float] | None = None
        self._old_at = -math.inf

    @property
    def is_old(self) -> bool:
        return seconds() > self._old_at

    def keep(self, connection: Connection) -> None:
        """Asks only where the last answer is old."""
        if self.is_old:
            self.set(connection)

    def set(self, connection: Connection) -> None:
        """Half of the round trip is taken to have passed since the server looked. Of a rough answer only that is believed
        which is certain: it is not earlier there than the server said, nor later than that by more than the whole trip.
        """
        began = seconds()
        with closing(connection.connection.cursor()) as cursor:
            cursor.execute("SELECT clock_timestamp()")
            there: datetime = cursor.fetchall()[0][0].astimezone(UTC)
        ended = seconds()
        trip = timedelta(seconds=ended - began)
        is_rough = ended - began > ROUGH_ANSWER
        kept = min(max(self.now(), there), there + trip)
        self._known = (kept if is_rough and self._known else there + trip / 2), ended
        self._old_at = ended + (ROUGH_BELIEVED if is_rough else CLOCK_BELIEVED)

    def now(self) -> datetime:
        if self._known is None:
            return datetime.now(UTC)
        there, here = self._known
        return there + timedelta(seconds=seconds() - here)

    def monotonic(self) -> float:
        return time.monotonic()


_FULL = (errors.DiskFull,)
_PASSING = (errors.DeadlockDetected, errors.SerializationFailure)
_ENDED = {"25P03", "25P04", "57P01", "57P02", "57P03", "57P05"}
"""SQLSTATEs of a session that the server has ended or refuses."""


def _is_lost(found: BaseException) -> bool:
    """Whether the connection is gone. An error of the connection itself has no SQLSTATE."""
    if not isinstance(found, psycopg.Error):
        return False
    if found.sqlstate is None:
        return isinstance(found, (psycopg.OperationalError, psycopg.InterfaceError))
    return found.sqlstate in _ENDED or found.sqlstate.startswith("08")


def _is_unavailable(found: BaseException) -> bool:
    unable = (psycopg.OperationalError, errors.ReadOnlySqlTransaction, OSError, Stale)
    return isinstance(found, unable) or _is_lost(found)


def translate(error: BaseException) -> LimnerError | None:
    """Ours for an error of the driver, the server or the network; None for one that is a bug."""
    found = _original(error)
    if isinstance(found, errors.LockNotAvailable):
        return None
    if isinstance(found, _FULL):
        return StorageFull("The disk of the database is full. Nothing was queued.", retry_after=10.0)
    if isinstance(found, (errors.UndefinedTable, errors.UndefinedColumn, errors.InsufficientPrivilege)):
        return DatabaseError(f"The tables are not as they should be ({_first_line(found)}). Run limner migrate.")
    if _is_unavailable(found):
        return DatabaseUnavailable(f"The database does not answer ({_first_line(found)}). Nothing was changed.")
    return None


def _original(error: BaseException) -> BaseException:
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig
    return error.__cause__ if isinstance(error, Stale) and error.__cause__ is not None else error


def _first_line(error: BaseException) -> str:
    """Never the statement, which may hold a prompt."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _refuse_too_long(lasted: float) -> None:
    """Positions of changes count on it."""
    if lasted > LONGEST:
        raise DatabaseUnavailable(f"The database was too slow ({lasted:.0f} s), and this was undone.")


def _with_defaults(url: URL) -> URL:
    """What the operator wrote into the URL wins."""
    given = {
        "application_name": "limner",
        "connect_timeout": str(CONNECT_SECONDS),
        "keepalives_idle": "10",
        "keepalives_interval": "5",
        "keepalives_count": "3",
        "tcp_user_timeout": "20000",
    }
    return url.set(drivername="postgresql+psycopg").update_query_dict(
        {name: value for name, value in given.items() if name not in url.query}
    )


def _refuse_too_old(connection: Connection) -> None:
    version = _driver(connection).info.server_version
    if version < OLDEST * 10_000:
        raise DatabaseError(f"This is Postgres {version // 10_000}; Limner needs {OLDEST} or newer.")


def _check(revision: str | None) -> None:
    if revision is None:
        raise DatabaseError("There are no tables of Limner's in this database yet. Run limner migrate.")
    if revision == migrating.HEAD:
        return
    if not migrating.is_known(revision):
        raise DatabaseError(_newer(revision))
    raise DatabaseError(
        f"This database is of an older Limner (revision {revision}). Stop what still runs of it, and run limner migrate."
    )


def _refuse_half(connection: Connection) -> None:
    if find_arriving(connection) is not None:
        raise DatabaseError("Not all rows have come to this database yet. Run limner move-database again: it goes on.")


def _refuse_company(connection: Connection) -> None:
    """A process that was just killed leaves its connections to the server for a moment."""
    until = time.monotonic() + GONE_SECONDS
    while True:
        with connection.begin():
            if connection.scalar(text(_OTHERS)) == 0:
                return
        if time.monotonic() > until:
            raise DatabaseError("The Postgres database is in use. Stop all servers and workers there, and try again.")
        time.sleep(GONE_SECONDS / 10)


def _newer(revision: str) -> str:
    return f"This database was written by a newer Limner (revision {revision}). Upgrade Limner."


def _analyze(connection: Connection) -> None:
    """Without figures of the tables the server looks through all lanes for one."""
    with connection.begin():
        connection.execute(text(f"ANALYZE {', '.join(metadata.tables)}"))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Held by the session: the steps have transactions of their own, and take the time that they need."""
    number = {"number": MIGRATING}
    with connection.begin():
        connection.execute(text("SET statement_timeout = 0"))
    with connection.begin():
        connection.execute(text(f"SELECT pg_advisory_lock({EVERYBODY}, :number)"), number)
    try:
        yield
    finally:
        with suppress(Exception), connection.begin():
            connection.execute(text(f"SELECT pg_advisory_unlock({EVERYBODY}, :number)"), number)
