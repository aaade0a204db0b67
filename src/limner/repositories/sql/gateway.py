"""An open database: how commands come to the writer, each with its locks, and queries to the readers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from limner.contracts.clock import Clock
from limner.domain.budget import NO_BUDGETS, Budgets
from limner.domain.errors import DatabaseUnavailable
from limner.repositories.sql.databases import database_at
from limner.repositories.sql.lease_trust import LeaseTrust
from limner.repositories.sql.locks import Locks, both, lock_everybody_soon, lock_keys, lock_nothing
from limner.repositories.sql.moment import Moment
from limner.repositories.sql.readers import Readers
from limner.repositories.sql.rows import to_milliseconds, to_time
from limner.repositories.sql.upkeep import Upkeep
from limner.repositories.sql.writer import Writer

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Gateway:
    """`url` is sqlite:////absolute/path or postgresql://host/name; nothing is touched before `open`. `image_age`:
    seconds for which finished jobs and their pictures are kept; None is for ever. `credentials` tells the one that each
    engine uses now.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        image_age: float | None = None,
        budgets: Budgets = NO_BUDGETS,
        credentials: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._database = database_at(url)
        self._clock = clock or self._database.clock()
        self._trust = LeaseTrust()
        self._image_age = image_age
        self._budgets = budgets
        self._credentials = credentials
        self._running: tuple[Writer, Readers] | None = None

    def now(self) -> datetime:
        """To the millisecond, as rows keep it."""
        return to_time(to_milliseconds(self._clock.now()))

    async def open(self) -> None:
        await asyncio.to_thread(self._database.prepare, self._moment())
        writer = Writer(self._database, unsure=self._trust.note_outage)
        writer.start()
        self._running = writer, Readers(self._database, unsure=self._trust.note_outage)

    async def migrate(self) -> tuple[str | None, str]:
        """Brings the tables to this version without opening; the revision before and the one reached."""
        return await asyncio.to_thread(self._database.migrate, self._moment())

    async def close(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            writer, readers = running
            await asyncio.to_thread(readers.close)
            await asyncio.to_thread(writer.stop)

    async def ping(self) -> None:
        await self._write(self._database.ping, locks=lock_nothing)

    def _moment(self) -> Moment:
        return Moment(self._clock.now(), self._image_age, self._budgets, self._credentials())

    async def _upkeep(self, work: Callable[[Connection], Upkeep]) -> Upkeep:
        """Nothing but a count, where others do not let go in time: it comes again."""
        try:
            return await self._write(work, locks=both(lock_everybody_soon, lock_keys))
        except Exception as error:
            if self._database.is_busy(error):
                return Upkeep(counts=Counter(no_turn=1))
            raise

    async def _write(self, work: Callable[[Connection], Result], *, locks: Locks) -> Result:
        def locked(connection: Connection) -> Result:
            locks(connection)
            return work(connection)

        return await self._writer.write(locked)

    async def _read(
        self, query: Callable[Concatenate[Connection, Given], Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        return await self._readers.read(query, *given, **named)

    @property
    def _writer(self) -> Writer:
        return self._opened()[0]

    @property
    def _readers(self) -> Readers:
        return self._opened()[1]

    def _opened(self) -> tuple[Writer, Readers]:
        if self._running is None:
            raise DatabaseUnavailable("The database is not open. Nothing was changed.")
        return self._running
