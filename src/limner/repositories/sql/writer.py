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
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from limner.domain.errors import DatabaseUnavailable, LimnerError
from limner.repositories.sql.sqlite import FileLock, checkpoint, savepoint, transaction, translate, writing_engine

logger = logging.getLogger("limner.repository")

Item = TypeVar("Item")
Result = TypeVar("Result")

Work = Callable[[Connection], Result]
BulkWork = Callable[[Connection, Sequence[Item]], Sequence[Result | LimnerError]]
"""Work on all items of its kind in a group at once; one result each, an error for an item that was refused."""

LARGEST_GROUP = 256
CHECKPOINT_PAGES = 2000
"""Pages in the log at which it is moved into the database: writers wait 10 to 20 ms for so many."""
FIRST_CHECKPOINT = 20
MOST_COMMITS = 1000
PATIENCE = 30.0
"""Seconds that a blocking caller waits for its turn."""


@dataclass(frozen=True, slots=True)
class _Command:
    work: Callable[..., Any]
    waiter: asyncio.Future[Any] | Future[Any]
    loop: asyncio.AbstractEventLoop | None = None
    item: Any = None
    bulk: bool = False


class Writer:
    """Serves coroutines of any event loop, and threads. `unsure` is called while writing fails, and when it
    works again.
    """

    def __init__(self, path: Path, *, unsure: Callable[[], None]) -> None:
        self._unsure = unsure
        self._engine = writing_engine(path)
        self._lock = FileLock(path)
        self._commands: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="limner-writer", daemon=True)
        self._closed = False
        self._out_of_order = False
        self._commits_left = FIRST_CHECKPOINT
        self._commits = 0

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
            if commands:
                _reply(commands, self._outcomes_of(commands))
                self._checkpoint_when_due()
        self._turn_away_the_late()
        self._disconnect()
        self._lock.close()

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

    def _outcomes_of(self, commands: Sequence[_Command]) -> list[Any]:
        try:
            with self._lock.held():
                connection = self._connect()
                with transaction(connection):
                    outcomes = _run_all(connection, commands)
        except Exception as error:  # noqa: BLE001 - those who wait must hear of it, and the thread must live on
            self._note_outage(error)
            return [_as_told(error) for _ in commands]
        self._note_success()
        return outcomes

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        """Under the file lock, because the last connection to close checkpoints."""
        if self._connection is not None:
            with suppress(Exception), self._lock.held():
                self._connection.close()
            self._connection = None

    def _note_outage(self, error: Exception) -> None:
        if not self._out_of_order:
            logger.error("the database cannot be written", extra={"fault": type(error).__name__}, exc_info=error)
        self._out_of_order = True
        self._unsure()
        if not isinstance(error, LimnerError):
            self._disconnect()

    def _note_success(self) -> None:
        self._commits += 1
        if self._out_of_order:
            logger.info("the database can be written again")
            self._out_of_order = False
            self._unsure()

    def _checkpoint_when_due(self) -> None:
        """Nothing tells how long the log is but a checkpoint itself; so it is foretold from the last one."""
        if self._commits < self._commits_left or self._connection is None:
            return
        try:
            with self._lock.held():
                pages = checkpoint(self._connection)
        except Exception as error:  # noqa: BLE001 - the thread must live on
            self._note_outage(error)
            return
        pages_a_commit = max(1.0, pages / self._commits)
        self._commits_left = max(1, min(MOST_COMMITS, int(CHECKPOINT_PAGES / pages_a_commit)))
        self._commits = 0


def _closed() -> DatabaseUnavailable:
    return DatabaseUnavailable("The database is closed. Nothing was queued.")


def _run_all(connection: Connection, commands: Sequence[_Command]) -> list[Any]:
    """Bulk work first, then the rest in order; one failure hurts only its own command."""
    outcomes: list[Any] = [None] * len(commands)
    kinds: dict[Callable[..., Any], list[int]] = defaultdict(list)
    for index, command in enumerate(commands):
        if command.bulk:
            kinds[command.work].append(index)
    for work, indexes in kinds.items():
        for index, outcome in zip(
            indexes, _run_bulk(connection, work, [commands[i].item for i in indexes]), strict=True
        ):
            outcomes[index] = outcome
    for index, command in enumerate(commands):
        if not command.bulk:
            outcomes[index] = _attempt(connection, command.work)
    return outcomes


def _run_bulk(connection: Connection, work: BulkWork[Item, Any], items: Sequence[Item]) -> Sequence[Any]:
    outcome = _attempt(connection, lambda bound: work(bound, items))
    if not isinstance(outcome, Exception):
        return cast(Sequence[Any], outcome)
    if len(items) == 1:
        return [outcome]
    return [_run_bulk(connection, work, [item])[0] for item in items]


def _attempt(connection: Connection, work: Work[Any]) -> Any:
    """The result, or the error of this work alone; an error of the whole database is raised."""
    try:
        with savepoint(connection):
            return work(connection)
    except Exception as error:
        if translate(error) is not None:
            raise
        return error


def _as_told(error: Exception) -> Exception:
    """Each waiter gets an error of its own: tracebacks grow where they are raised."""
    if isinstance(error, LimnerError):
        return type(error)(error.detail)
    return translate(error) or error


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
