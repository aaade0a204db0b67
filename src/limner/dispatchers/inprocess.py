"""Nudges within this process; workers of other processes find the work by polling."""

from __future__ import annotations

import asyncio
import contextlib
import threading


class InProcessDispatcher:
    """May be nudged from any thread. Every waiter is woken; a nudge with nobody waiting wakes the next one to wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[asyncio.Future[None]] = set()
        self._nudged = False

    async def open(self) -> None: ...

    async def close(self) -> None:
        self.wake()

    async def fault(self) -> str:
        return ""

    def nudge(self, engine: str) -> None:
        del engine
        self.wake()

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the poll interval, not a deadline
        waiter = asyncio.get_running_loop().create_future()
        with self._lock:
            if self._nudged:
                self._nudged = False
                return
            self._waiters.add(waiter)
        try:
            await asyncio.wait({waiter}, timeout=timeout)
        finally:
            with self._lock:
                self._waiters.discard(waiter)

    def wake(self) -> None:
        with self._lock:
            waiters, self._waiters = self._waiters, set()
            self._nudged = not waiters
        for waiter in waiters:
            with contextlib.suppress(RuntimeError):  # its loop is closed: nobody is waiting any more
                waiter.get_loop().call_soon_threadsafe(_settle, waiter)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
