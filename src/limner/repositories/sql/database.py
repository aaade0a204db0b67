"""What differs between databases. The statements are the same."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from limner.contracts.clock import Clock
from limner.domain.errors import LimnerError
from limner.repositories.sql.moment import Moment


class Pen(Protocol):
    """The one connection of a process that writes. Used by one thread."""

    shares_transactions: bool
    """Whether commands that have nothing to do with each other go into one transaction. Where several processes write
    at the same time each waits for its own rows only.
    """

    def transaction(self) -> AbstractContextManager[Connection]:
        """Durable when it is left without an error; connects where that is needed."""
        ...

    def savepoint(self, connection: Connection) -> AbstractContextManager[None]:
        """What fails inside is undone alone."""
        ...

    def tidy(self) -> None:
        """Between transactions: what the database needs now and then."""
        ...

    def disconnect(self) -> None:
        """The next transaction has a new connection."""
        ...

    def close(self) -> None: ...


class Database(Protocol):
    """One place for rows. Nothing is touched before `prepare`."""

    def prepare(self, moment: Moment) -> None:
        """Makes sure that the tables are of this version. Raises DatabaseError with a remedy."""
        ...

    def migrate(self, moment: Moment) -> tuple[str | None, str]:
        """Brings the tables to this version, whoever else tries at the same time. The revision before, None where there
        was nothing of ours, and the one reached. Raises DatabaseError with a remedy.
        """
        ...

    def alone(self) -> AbstractContextManager[Connection]:
        """A connection while no other process uses the database. Raises DatabaseError where one does, as far as that can
        be told.
        """
        ...

    def clock(self) -> Clock:
        """The clock that rows are dated by."""
        ...

    def pen(self) -> Pen: ...

    def connect_for_reading(self) -> Connection: ...

    def keep_time(self, connection: Connection) -> None:
        """At each query: what the clock needs now and then, for a process that writes nothing."""
        ...

    def ping(self, connection: Connection) -> None:
        """Raises where it cannot be read."""
        ...

    def copy(self, connection: Connection, target: Path) -> None:
        """A consistent copy in a file. Raises DatabaseError where the database has tools of its own for that."""
        ...

    def translate(self, error: BaseException) -> LimnerError | None:
        """Ours for an error of the driver or the operating system; None for one that is a bug."""
        ...

    def is_passing(self, error: BaseException) -> bool:
        """Whether the same transaction may well succeed at once: it collided with another, or nothing of it was sent."""
        ...

    def is_busy(self, error: BaseException) -> bool:
        """Whether others did not let go in time of what some upkeep needs: it can wait."""
        ...

    def is_outage(self, error: BaseException) -> bool:
        """Whether nobody may have been answered: neither a bug nor anything between two transactions."""
        ...

    def has_lost_connection(self, error: BaseException) -> bool:
        """Whether a query may well succeed through a new one."""
        ...
