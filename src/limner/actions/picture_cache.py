"""Bytes of pictures as they are served: what many ask for is read or made once, and kept while there is room."""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

DEFAULT_LIMIT = 64 * 1024 * 1024


class PictureCache:
    """The latest used `limit` bytes, of values no larger than `largest`. Keys name content, so nothing grows stale.

    For one event loop.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        self.largest = limit // 8
        self._room = limit
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._making: dict[Hashable, asyncio.Task[bytes]] = {}
        self._turns = asyncio.Semaphore(max(1, (os.cpu_count() or 2) - 1))

    async def get(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """What is kept under `key`, or what `make` returns; a failure is not kept."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        # Shielded: whoever asked first may leave, and must not take it away from the others.
        return await asyncio.shield(self._making.get(key) or self._begin(key, make))

    def turn_to_compute(self) -> AbstractAsyncContextManager[None]:
        """Held while a thread computes: one core stays free for the event loop."""
        return self._turns

    def _begin(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, bytes]]) -> Awaitable[bytes]:
        task = self._making[key] = asyncio.create_task(make())
        task.add_done_callback(partial(self._settle, key))
        return task

    def _settle(self, key: Hashable, task: asyncio.Task[bytes]) -> None:
        del self._making[key]
        if not task.cancelled() and task.exception() is None:
            self._keep(key, task.result())

    def _keep(self, key: Hashable, data: bytes) -> None:
        if len(data) > self.largest:
            return
        self._kept[key] = data
        self._room -= len(data)
        while self._room < 0:
            _, dropped = self._kept.popitem(last=False)
            self._room += len(dropped)
