"""Whether processes on any machine changed a Postgres database: they say so with NOTIFY, and nobody relies on it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg

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

Connect = Callable[[], psycopg.Connection[Any]]
"""A new connection, in autocommit, which gives up by itself where the server does not answer."""


class ListenWatch:
    """A thread with a connection of its own, which hears and says that something was committed. It is said after the
    commit and off its path, by whoever committed, many commits at once.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._looks: asyncio.TimerHandle | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._wake_up: tuple[int, int] | None = None
        self._untold = False

    def start(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed before we are
                loop.call_soon_threadsafe(moved)

        self._stopping.clear()
        self._wake_up = os.pipe()
        os.set_blocking(self._wake_up[0], False)
        os.set_blocking(self._wake_up[1], False)
        self._thread = threading.Thread(target=self._watch, args=(tell,), name="limner-notifier", daemon=True)
        self._thread.start()
        self._look(loop, moved)

    async def stop(self) -> None:
        self._stopping.set()
        self._wake()
        if self._looks is not None:
            self._looks.cancel()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, PATIENCE)
            if self._thread.is_alive():
                return  # it ends with the process, and needs the pipe until then
        wake_up, self._wake_up = self._wake_up, None
        for end in wake_up or ():
            os.close(end)

    def tell(self) -> None:
        if not self._untold:
            self._untold = True
            self._wake()

    def _look(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        """Every now and then, whatever the thread is waiting for."""
        moved()
        self._looks = loop.call_later(LOOK_EVERY, self._look, loop, moved)

    def _wake(self) -> None:
        if self._wake_up is not None:
            with contextlib.suppress(OSError):  # full: it will wake anyway
                os.write(self._wake_up[1], b".")

    def _watch(self, tell: Callable[[], None]) -> None:
        faults = Faults("the database cannot be listened to; it is looked at every second")
        while not self._stopping.is_set():
            tell()  # a new connection cannot know what it missed
            try:
                with contextlib.closing(self._connect()) as connection:
                    connection.execute(f"LISTEN {CHANNEL}")
                    self._watch_through(connection, tell, faults)
            except Exception as error:  # noqa: BLE001 - without this thread no watcher hears other processes
                faults.note(error)
                self._stopping.wait(PAUSE)

    def _watch_through(self, connection: psycopg.Connection[Any], tell: Callable[[], None], faults: Faults) -> None:
        while not self._stopping.is_set():
            self._sleep(connection)
            if self._untold:
                self._untold = False
                connection.execute(f"NOTIFY {CHANNEL}")
            heard = any(pid != connection.info.backend_pid for pid in _speakers(connection))
            faults.over()
            if heard:
                tell()
            self._stopping.wait(TELL_EVERY)

    def _sleep(self, connection: psycopg.Connection[Any]) -> None:
        """Until somebody says something, here or there."""
        assert self._wake_up is not None
        ours = self._wake_up[0]
        ears = select.poll()
        for ear in (connection.fileno(), ours):
            ears.register(ear, select.POLLIN)
        ears.poll()
        with contextlib.suppress(BlockingIOError):
            os.read(ours, 4096)


def _speakers(connection: psycopg.Connection[Any]) -> Iterator[int]:
    """The server's processes whose messages have come."""
    for message in connection.notifies(timeout=0):
        yield message.pid
