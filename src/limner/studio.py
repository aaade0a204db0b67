"""Where a process of Celery's paints: one event loop in a thread of its own, for all of the process's threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Collection, Coroutine
from typing import Any, TypeVar

from limner.assembly import Assembly
from limner.settings import Settings

Result = TypeVar("Result")


class Studio:
    """Made after the fork: loops, connections and engines cannot be shared with a parent. All methods may be called from
    any thread but the loop's.
    """

    def __init__(self, settings: Settings, queues: Collection[str], *, slots: int | None = None) -> None:
        self._assembly = Assembly(settings)
        self._queues, self._slots = queues, slots
        self._grace = settings.limits.drain_grace
        self._drained: asyncio.Future[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="limner-studio", daemon=True)

    def open(self) -> None:
        """Paints from now on whatever it finds by itself. Raises LimnerErrors with the remedy."""
        self._thread.start()
        try:
            self._do(self._assembly.start(work=True, queues=self._queues, slots=self._slots))
        except BaseException:
            self._end_loop()
            raise

    def look(self) -> None:
        """Looks now, and returns when nothing more can be claimed and nothing is being painted."""
        self._do(self._look())

    def drain(self) -> None:
        """No more claims; what is being painted may end, and goes back to the queue after a while. Returns at once, and
        does nothing where that was said before.
        """
        asyncio.run_coroutine_threadsafe(self._drain(), self._loop)

    def close(self) -> None:
        """Drains, and lets go of everything."""
        self._do(self._drain())
        self._do(self._assembly.stop())
        self._end_loop()

    async def _look(self) -> None:
        worker = self._assembly.worker
        if worker is not None:
            await worker.look()

    async def _drain(self) -> None:
        worker = self._assembly.worker
        if self._drained is None and worker is not None:
            self._drained = asyncio.ensure_future(worker.drain(self._grace))
        if self._drained is not None:
            await self._drained

    def _do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
