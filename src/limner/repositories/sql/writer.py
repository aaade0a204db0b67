"""One thread, one connection: every write of this process goes through here, grouped into transactions.

While one group is synced to disk the next one gathers, so all who wait share the cost of durability.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from limner.domain.errors import DatabaseUnavailable, LimnerError
from limner.repositories.sql.database import Database

logger = logging.getLogger("limner.repository")

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Connection], Result]
BulkWork = Callable[[Connection, Sequence[Item]], Sequence[Result | LimnerError]]
"""Work on all items of its kind in a group at once; one result each, an error for an item that was refused."""

LARGEST_GROUP = 256
MOST_TRIES = 4
"""Of a transaction that collided with another."""
PATIENCE = 30.0
"""Seconds that a blocking caller waits for its turn."""


@dataclass(frozen=True, slots=True)
class _Command:
    work: Callable[..., Any]
    waiter: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: Any = None
    bulk: bool = False


class _Spoilt(Exception):
    """One of several items cannot be written, and nothing of the transaction was."""


class Writer:
    """Serves coroutines of any event loop, and threads. `unsure` is called while writing fails, and when it
    works again.
    """

    def __init__(self, database: Database, *, unsure: Callable[[], None]) -> None:
        self._unsure = unsure
        self._database = database
        self._pen = database.pen()
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="limner-writer", daemon=True)
        self._closed = False
        self._out_of_order = False

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Writes what was asked for before, then closes the connection."""
        self._closed = True
        self._commands.put(None)
        self._thread.join()

    async def write(self, work: Work[Result]) -> Result:
        """Runs some work in a transaction; durable when it returns."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Any] = loop.create_future()
        self._put(_Command(work, waiter, loop))
        return cast(Result, await waiter)

    async def write_item(self, work: BulkWork[Item, Result], item: Item) -> Result:
        """The same for one item of bulk work."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Any] = loop.create_future()
        self._put(_Command(work, waiter, loop, item, bulk=True))
        return cast(Result, await waiter)

    def write_blocking(self, work: Work[Result]) -> Result:
        """The same for a thread that has no event loop."""
        waiter: Future[Result] = Future()
        self._put(_Command(work, waiter))
        try:
            return waiter.result(PATIENCE)
        except TimeoutError as error:
            waiter.cancel()
            raise DatabaseUnavailable from error

    def _put(self, command: _Command) -> None:
        if self._closed:
            raise _closed()
        self._commands.put(command)

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            commands, open_for_more = self._gather()
            for group in self._groups(commands):
                self._carry_out(group)
                self._tidy()
        self._turn_away_the_late()
        self._pen.close()

    def _gather(self) -> tuple[list[_Command], bool]:
        """Waits for the first command and takes along what waits behind it."""
        commands: list[_Command] = []
        command = self._commands.get()
        with suppress(queue.Empty):
            while command is not None:
                if not command.waiter.cancelled():
                    commands.append(command)
                if len(commands) == LARGEST_GROUP:
                    return commands, True
                command = self._commands.get_nowait()
        return commands, command is not None

    def _turn_away_the_late(self) -> None:
        """Commands that slipped in behind the last one."""
        with suppress(queue.Empty):
            while True:
                if command := self._commands.get_nowait():
                    _reply([command], [_closed()])

    def _groups(self, commands: Sequence[_Command]) -> list[list[_Command]]:
        """What goes into one transaction: all there is, or what is of one kind."""
        if self._pen.shares_transactions:
            return [list(commands)] if commands else []
        groups: dict[object, list[_Command]] = {}
        for command in commands:
            groups.setdefault(command.work if command.bulk else command, []).append(command)
        return list(groups.values())

    def _carry_out(self, commands: Sequence[_Command]) -> None:
        """Where one item spoils bulk work, half of them at a time: each half locks what it needs at its beginning, in
        the order that holds everywhere, which items after items within one transaction would not.
        """
        try:
            _reply(commands, self._outcomes_of(commands))
        except _Spoilt:
            middle = len(commands) // 2
            self._carry_out(commands[:middle])
            self._carry_out(commands[middle:])

    def _outcomes_of(self, commands: Sequence[_Command]) -> list[Any]:
        tries = 0
        while True:
            tries += 1
            try:
                with self._pen.transaction() as connection:
                    outcomes = self._run_all(connection, commands)
            except _Spoilt:
                raise
            except Exception as error:  # noqa: BLE001 - those who wait must hear of it, and the thread must live on
                if tries < MOST_TRIES and self._database.is_passing(error):
                    continue
                self._note_failure(error)
                return [self._as_told(error) for _ in commands]
            self._note_success()
            return outcomes

    def _run_all(self, connection: Connection, commands: Sequence[_Command]) -> list[Any]:
        """Bulk work first, then the rest in order; one failure hurts only its own command."""
        outcomes: list[Any] = [None] * len(commands)
        kinds: dict[Callable[..., Any], list[int]] = defaultdict(list)
        for index, command in enumerate(commands):
            if command.bulk:
                kinds[command.work].append(index)
        for work, indexes in kinds.items():
            items = [commands[index].item for index in indexes]
            for index, outcome in zip(indexes, self._run_bulk(connection, work, items), strict=True):
                outcomes[index] = outcome
        for index, command in enumerate(commands):
            if not command.bulk:
                outcomes[index] = self._attempt(connection, command.work)
        return outcomes

    def _run_bulk(self, connection: Connection, work: BulkWork[Item, Any], items: Sequence[Item]) -> Sequence[Any]:
        outcome = self._attempt(connection, lambda bound: work(bound, items))
        if not isinstance(outcome, Exception):
            return cast(Sequence[Any], outcome)
        if len(items) == 1:
            return [outcome]
        if not self._pen.shares_transactions:
            raise _Spoilt
        return [self._run_bulk(connection, work, [item])[0] for item in items]

    def _attempt(self, connection: Connection, work: Work[Any]) -> Any:
        """The result, or the error of this work alone; an error of the whole database is raised."""
        try:
            with self._pen.savepoint(connection):
                return work(connection)
        except Exception as error:
            if self._database.translate(error) is not None:
                raise
            return error

    def _as_told(self, error: Exception) -> Exception:
        """Each waiter gets an error of its own: tracebacks grow where they are raised."""
        if isinstance(error, LimnerError):
            return type(error)(error.detail)
        return self._database.translate(error) or error

    def _tidy(self) -> None:
        try:
            self._pen.tidy()
        except Exception as error:  # noqa: BLE001 - the thread must live on
            self._note_failure(error)

    def _note_failure(self, error: Exception) -> None:
        """An outage is told once. Anything else hurts this group only, and says nothing about leases."""
        away = self._database.is_outage(error)
        if not (away and self._out_of_order):
            told = "the database cannot be written" if away else "a change was not written, though the database answers"
            logger.error(told, extra={"fault": type(error).__name__}, exc_info=error)
        if away:
            self._out_of_order = True
            self._unsure()
        if not isinstance(error, LimnerError):
            self._pen.disconnect()

    def _note_success(self) -> None:
        if self._out_of_order:
            logger.info("the database can be written again")
            self._out_of_order = False
            self._unsure()


def _closed() -> DatabaseUnavailable:
    return DatabaseUnavailable("The database is closed. Nothing was changed.")


def _reply(commands: Sequence[_Command], outcomes: Sequence[Any]) -> None:
    """One wake-up for each event loop, however many wait on it."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Any, Any]]] = defaultdict(list)
    for command, outcome in zip(commands, outcomes, strict=True):
        if command.loop is None:
            _settle([(command.waiter, outcome)])
        else:
            by_loop[command.loop].append((command.waiter, outcome))
    for loop, settled in by_loop.items():
        with suppress(RuntimeError):  # a loop that was closed waits for nothing
            loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: Sequence[tuple[Any, Any]]) -> None:
    for waiter, outcome in settled:
        if waiter.done():
            continue
        with suppress(InvalidStateError):  # a thread that waits may give up at this very moment
            if isinstance(outcome, Exception):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)
