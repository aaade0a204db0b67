"""Whether other processes on this machine changed a SQLite file."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from limner.notifiers.faults import Faults
from limner.notifiers.following import PAUSE


class FileWatch:
    """A thread that sees every `interval` seconds whether any other connection committed to the file: `PRAGMA
    data_version` takes some microseconds.
    """

    def __init__(self, path: Path, interval: float = 0.1) -> None:
        self._path = path
        self._interval = interval
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop, moved: Callable[[], None]) -> None:
        def tell() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed before we are
                loop.call_soon_threadsafe(moved)

        self._stopping.clear()
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        self._thread = threading.Thread(target=self._watch, args=(uri, tell), name="limner-notifier", daemon=True)
        self._thread.start()

    async def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def tell(self) -> None:
        """Others look at the file themselves."""

    def _watch(self, uri: str, tell: Callable[[], None]) -> None:
        faults = Faults("the database file cannot be watched; trying on")
        while not self._stopping.is_set():
            try:
                with contextlib.closing(sqlite3.connect(uri, uri=True)) as connection:
                    self._watch_through(connection, tell, faults)
            except Exception as error:  # noqa: BLE001 - without this thread no watcher hears other processes
                faults.note(error)
                self._stopping.wait(PAUSE)

    def _watch_through(self, connection: sqlite3.Connection, tell: Callable[[], None], faults: Faults) -> None:
        """A new connection cannot know what it missed, so it begins with a change."""
        seen = None
        while not self._stopping.is_set():
            version = connection.execute("PRAGMA data_version").fetchone()
            faults.over()
            if version != seen:
                seen = version
                tell()
            self._stopping.wait(self._interval)
