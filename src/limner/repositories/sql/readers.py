"""A few threads with a read-only connection each. No read transaction outlives the call that began it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from limner.domain.errors import DatabaseUnavailable
from limner.repositories.sql.database import Database

Given = ParamSpec("Given")
Result = TypeVar("Result")

THREADS = 4


class Readers:
    """Each call sees one consistent state of the database. `unsure` is called while it does not answer, and when it does
    again.
    """

    def __init__(self, database: Database, *, unsure: Callable[[], None]) -> None:
        self._unsure = unsure
        self._out_of_order = False
        self._database = database
        self._pool = ThreadPoolExecutor(THREADS, "limner-reader")
        self._own = threading.local()
        self._connections: list[Connection] = []
        self._closed = False

    async def read(
        self, query: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Runs a query in a thread."""

        def in_transaction() -> Result:
            connection = self._connect()
            with connection.begin():
                self._database.keep_time(connection)
                return query(connection, *given, **named)

        return await self._run(in_transaction)

    async def outside_transaction(
        self, action: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """For what makes its own."""
        return await self._run(lambda: action(self._connect(), *given, **named))

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    async def _run(self, action: Callable[[], Result]) -> Result:
        if self._closed:
            raise DatabaseUnavailable("The database is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._attempt, action)

    def _attempt(self, action: Callable[[], Result]) -> Result:
        try:
            result = self._with_new_connection(action)
        except Exception as error:
            ours = self._database.translate(error)
            if ours is None:
                raise
            self._disconnect()
            if self._database.is_outage(error):
                self._note_outage(began=True)
            raise ours from error
        if self._out_of_order:
            self._note_outage(began=False)
        return result

    def _with_new_connection(self, action: Callable[[], Result]) -> Result:
        """Where the old one is gone."""
        try:
            return action()
        except Exception as error:
            if not self._database.has_lost_connection(error):
                raise
            self._disconnect()
            return action()

    def _note_outage(self, *, began: bool) -> None:
        self._out_of_order = began
        self._unsure()

    def _disconnect(self) -> None:
        """What failed may fail for ever: the next query has a new connection."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is not None:
            self._own.connection = None
            self._connections.remove(connection)
            with suppress(Exception):
                connection.invalidate()
                connection.close()

    def _connect(self) -> Connection:
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._database.connect_for_reading()
            self._connections.append(connection)
        return connection
