"""Whether processes on any machine changed a Postgres database: they say so with NOTIFY, and nobody relies on it."""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import pq

from limner.domain.errors import DatabaseUnavailable
from limner.notifiers.faults import Faults
from limner.notifiers.following import PAUSE

CHANNEL = "limner"
LOOK_EVERY = 1.0
"""Seconds after which the database is looked at though nobody said anything: a message may be lost, the server may be
deaf, and progress is not announced.
"""
TELL_EVERY = 0.01
"""Seconds between two messages at least: each takes a lock of the whole server for a moment."""
PATIENCE = 10.0
"""Seconds for which a server that does not answer may hold up the end."""
ASK_EVERY = 10.0
"""Seconds of silence after which the server is asked whether it is there. TCP asks only the next machine: what stands
between us and the server may go on to answer for it.
"""
ANSWER_WITHIN = 5.0
"""Seconds in which the server answers, or the connection is dead and another one is made."""

Connect = Callable[[], psycopg.Connection[Any]]
"""A new connection, in autocommit, which gives up by itself where the server does not answer."""


class ListenWatch:
    """Hears and says that something was committed. It is said after the commit and off its path, by whoever committed, many
    commits at once.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._looks: asyncio.TimerHandle | None = None
        self._listener: _Listener | None = None

    def start(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        def heard() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed before the thread is
                loop.call_soon_threadsafe(moved)

        self._listener = _Listener(self._connect, heard)
        self._listener.start()
        self._look(loop, moved)

    async def stop(self) -> None:
        if self._looks is not None:
            self._looks.cancel()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.leave()
            await asyncio.to_thread(listener.join, PATIENCE)

    def tell(self) -> None:
        if (listener := self._listener) is not None:
            listener.tell()

    def _look(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        """Every now and then, whatever the thread is waiting for."""
        moved()
        self._looks = loop.call_later(LOOK_EVERY, self._look, loop, moved)


class _Listener(threading.Thread):
    """Has a connection of its own. One that hangs at its server when it is told to leave does so later."""

    def __init__(self, connect: Connect, heard: Callable[[], None]) -> None:
        super().__init__(name="limner-notifier", daemon=True)
        self._connect = connect
        self._heard = heard
        self._untold = False
        self._leaving = threading.Event()
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)

    def tell(self) -> None:
        if not self._untold:
            self._untold = True
            self._wake()

    def leave(self) -> None:
        self._leaving.set()
        self._wake()

    def run(self) -> None:
        with self._ear, self._mouth:
            self._listen_on()

    def _listen_on(self) -> None:
        faults = Faults("the database cannot be listened to; it is looked at every second")
        while not self._leaving.is_set():
            try:
                with contextlib.closing(self._connect()) as connection:
                    _ask(connection.pgconn, f"LISTEN {CHANNEL}")
                    faults.over()
                    self._heard()  # a new connection cannot know what it missed
                    self._listen(connection.pgconn)
            except Exception as error:  # noqa: BLE001 - without this thread no watcher hears other processes
                faults.note(_outage(error) or error)
                self._leaving.wait(PAUSE)

    def _listen(self, server: pq.abc.PGconn) -> None:
        ours = int(_ask(server, "SELECT pg_backend_pid()"))  # a pooler tells another when one connects
        while not self._leaving.is_set():
            stirred = self._untold or self._sleep(server)
            if self._untold:
                self._say(server)
            elif not stirred:
                _ask(server, "SELECT")
            if any(pid != ours for pid in _speakers(server)):
                self._heard()
            self._leaving.wait(TELL_EVERY)

    def _sleep(self, server: pq.abc.PGconn) -> bool:
        """Until somebody says something, here or there; or False, where it was silent for too long."""
        stirred = _poll(ASK_EVERY, server.socket, self._ear.fileno())
        with contextlib.suppress(BlockingIOError):
            self._ear.recv(4096)
        return stirred

    def _say(self, server: pq.abc.PGconn) -> None:
        """What is said into a dead connection is said again into the next."""
        self._untold = False
        try:
            _ask(server, f"NOTIFY {CHANNEL}")
        except BaseException:
            self._untold = True
            raise

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyway; closed: it has left
            self._mouth.send(b".")


def _outage(error: Exception) -> DatabaseUnavailable | None:
    if not isinstance(error, psycopg.OperationalError):
        return None
    return DatabaseUnavailable(f"The database does not answer ({' '.join(str(error).split())}).")


def _ask(server: pq.abc.PGconn, statement: str) -> bytes:
    """The one value that it gives, if any. Psycopg's own way waits for an answer for as long as the connection looks alive.
    Messages that come before it are kept.
    """
    until = time.monotonic() + ANSWER_WITHIN
    server.send_query(statement.encode())
    value = b""
    while True:
        while server.flush() or server.is_busy():
            if not _poll(until - time.monotonic(), server.socket):
                raise psycopg.OperationalError("the server does not answer")
            server.consume_input()
        if (answer := server.get_result()) is None:
            return value
        if answer.status not in {pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK}:
            raise psycopg.OperationalError(answer.get_error_message())
        if answer.ntuples and answer.nfields:
            value = answer.get_value(0, 0) or b""


def _poll(seconds: float, *ears: int) -> bool:
    """Whether there is something to read within so many seconds."""
    poll = select.poll()
    for ear in ears:
        poll.register(ear, select.POLLIN)
    return bool(poll.poll(max(seconds, 0) * 1000))


def _speakers(server: pq.abc.PGconn) -> list[int]:
    """The server's processes whose messages have come."""
    server.consume_input()
    return [message.be_pid for message in iter(server.notifies, None)]
