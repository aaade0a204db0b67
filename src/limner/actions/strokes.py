"""What an engine yields, with its time-outs kept and its generator closed whatever it does."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncGenerator
from typing import Any

from limner.contracts.engine import Stroke
from limner.domain.errors import EngineCrashed, EngineError, EngineTimeout, LimnerError

logger = logging.getLogger("limner.worker")

_abandoned: set[asyncio.Future[Any]] = set()
"""Paints that would not end: kept referenced, or asyncio may drop them halfway."""


class Interrupted(Exception):
    """The worker no longer wants this paint."""


class Strokes:
    """Drives one paint. Only the time that the engine takes counts: what we take to keep a picture is not its fault.

    `interrupted` ends every wait for the engine but the `last` one. Raises EngineTimeout, Interrupted, and what the engine
    raises.
    """

    def __init__(
        self,
        paint: AsyncGenerator[Stroke, None],
        *,
        seconds: float,
        silence: float,
        interrupted: asyncio.Future[None],
    ) -> None:
        self._paint = paint
        self._seconds_left = seconds
        self._silence = silence
        self._interrupted = interrupted
        self._pending: asyncio.Task[Stroke | None] | None = None
        self._began = asyncio.get_running_loop().time()

    @property
    def age(self) -> float:
        """Seconds since the paint began."""
        return asyncio.get_running_loop().time() - self._began

    async def next(self, *, within: float = math.inf) -> Stroke | None:
        """The next stroke; None after the last."""
        if self._interrupted.done():
            raise Interrupted
        if within <= 0:
            raise EngineTimeout("It was not painted by its deadline.")
        loop = asyncio.get_running_loop()
        began = loop.time()
        comes = await self._comes(min(self._silence, self._seconds_left, within), unless=self._interrupted)
        self._seconds_left -= loop.time() - began
        if comes:
            return self._take()
        if self._interrupted.done():
            raise Interrupted
        raise EngineTimeout(self._sentence())

    async def last(self, *, within: float, unless: asyncio.Future[None]) -> Stroke | None:
        """After an interruption, for one who still has a use for what comes within so many seconds."""
        if await self._comes(within, unless=unless):
            return self._take()
        raise Interrupted

    async def finish(self, grace: float) -> None:
        """After the last picture: the engine may come to its own end, so that it can be used again."""
        self._seconds_left = grace
        try:
            while await self.next():
                pass
        except (Interrupted, LimnerError) as error:
            logger.info("an engine did not end after its last picture", extra={"fault": type(error).__name__})

    async def close(self, grace: float) -> None:
        """Cancels what runs and closes the generator, each within `grace` seconds; then it is left to itself."""
        if self._pending is not None:
            self._pending.cancel()
            if not await _ends(self._pending, grace):
                return
        await _ends(asyncio.ensure_future(self._paint.aclose()), grace)

    async def _comes(self, seconds: float, *, unless: asyncio.Future[None]) -> bool:
        """Whether the next stroke does within so many seconds; where it does not, it is still awaited."""
        if self._pending is None:
            self._pending = asyncio.get_running_loop().create_task(_anext(self._paint))
        waited: set[asyncio.Future[Any]] = {self._pending, unless}
        await asyncio.wait(waited, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED)
        return self._pending.done()

    def _take(self) -> Stroke | None:
        assert self._pending is not None
        pending, self._pending = self._pending, None
        return _result(pending)

    def _sentence(self) -> str:
        if self._seconds_left <= 0:
            return "The paint took longer than its engine allows."
        return f"The engine said nothing for {self._silence:g} seconds."


async def _anext(paint: AsyncGenerator[Stroke, None]) -> Stroke | None:
    return await anext(paint, None)


def _result(pending: asyncio.Task[Stroke | None]) -> Stroke | None:
    """What an engine raises that is no EngineError counts as a crash, its words left out: they may quote the prompt."""
    try:
        return pending.result()
    except EngineError:
        raise
    except asyncio.CancelledError:
        raise EngineCrashed("The engine cancelled itself.") from None
    except Exception as error:
        raise EngineCrashed(f"The engine raised {type(error).__name__}.") from error


async def _ends(task: asyncio.Future[Any], grace: float) -> bool:
    await asyncio.wait({task}, timeout=grace)
    if task.done():
        if not task.cancelled() and (error := task.exception()):
            logger.warning("an engine failed while it was closed", extra={"fault": type(error).__name__})
        return True
    logger.error("an engine does not end and is left behind")
    task.cancel()
    _abandoned.add(task)
    task.add_done_callback(_abandoned.discard)
    return False
