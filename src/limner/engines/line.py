"""What a child says about one request, in order."""

from __future__ import annotations

import asyncio
import collections

from limner.contracts.engine import PaintTask, Stroke
from limner.domain.errors import EngineError


class Line:
    """Strokes, then how the request ended. `task`: what is painted, None for other requests. `begun`: the child knows."""

    def __init__(self, number: int, task: PaintTask | None = None) -> None:
        self.number = number
        self.task = task
        self.begun = False
        self.over = asyncio.Event()
        self.helpers: set[asyncio.Task[None]] = set()
        self._heard: collections.deque[Stroke | EngineError | None] = collections.deque()
        self._arrived = asyncio.Event()

    def hear(self, item: Stroke | EngineError | None) -> None:
        """None: the request ended."""
        self._heard.append(item)
        self._arrived.set()
        if item is None or isinstance(item, EngineError):
            self.over.set()

    async def next(self) -> Stroke | None:
        """The next stroke; None at the end. Raises the EngineError that ended the request."""
        while not self._heard:
            self._arrived.clear()
            await self._arrived.wait()
        item = self._heard.popleft()
        if isinstance(item, EngineError):
            raise item
        return item
