"""How a blocking engine paints: a plain generator, run in a thread of its own."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import ThreadPoolExecutor

from limner.contracts.engine import Stroke


async def threaded(strokes: Generator[Stroke, None, None]) -> AsyncGenerator[Stroke, None]:
    """Yields what `strokes` yields; its code runs in one thread, and only while the next stroke is awaited.

    So every stroke is a rendezvous, and a cancel arrives between strokes: code that may hang wants `isolated=True` too.

        def paint(self, task):
            return threaded(self._paint(task))
    """
    loop = asyncio.get_running_loop()
    thread = ThreadPoolExecutor(1, thread_name_prefix="limner-paint")
    context = contextvars.copy_context()
    try:
        while True:
            stroke = await loop.run_in_executor(thread, context.run, _next, strokes)
            if stroke is None:
                break
            yield stroke
    finally:
        # Behind a step that still runs: the thread does one thing after the other.
        await loop.run_in_executor(thread, context.run, strokes.close)
        thread.shutdown(wait=False)


def _next(strokes: Generator[Stroke, None, None]) -> Stroke | None:
    # StopIteration cannot cross a future.
    return next(strokes, None)
