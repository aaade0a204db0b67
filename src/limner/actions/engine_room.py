"""The configured engines, each opened once, before its first paint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from limner.actions.quiet_trace import log_fault
from limner.contracts.engine import Engine
from limner.domain.capabilities import Capabilities
from limner.domain.errors import EngineCrashed, EngineError

logger = logging.getLogger("limner.worker")


class EngineRoom:
    """An engine that would not open is tried again by the next paint that needs it."""

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines
        self.capabilities: Mapping[str, Capabilities] = {name: one.capabilities for name, one in engines.items()}
        self._openings: dict[str, asyncio.Task[None]] = {}

    def can_cancel(self, name: str) -> bool:
        """Whether its calls can be called off."""
        return self._engines[name].can_cancel

    def warm_up(self) -> None:
        """Begins to open all engines, so that the first job need not wait."""
        for name in self._engines:
            self._opening(name)

    async def engine(self, name: str) -> Engine:
        """An open engine. Raises EngineError where it cannot be opened."""
        opening = self._opening(name)
        try:
            await asyncio.shield(opening)
        except EngineError:
            self._forget(name, opening)
            raise
        except Exception as error:
            self._forget(name, opening)
            raise EngineCrashed(f"The engine {name} could not be opened ({type(error).__name__}).") from error
        return self._engines[name]

    async def close(self, grace: float) -> None:
        """Closes what was opened, all at once; one that fails, or is not done in `grace` seconds, is left to itself."""
        openings, self._openings = self._openings, {}
        for opening in openings.values():
            opening.cancel()
        closings = {name: asyncio.create_task(self._close(name, opening)) for name, opening in openings.items()}
        if closings:
            await asyncio.wait(closings.values(), timeout=grace)
        for name, closing in closings.items():
            if not closing.done():
                closing.cancel()
                logger.error("an engine does not close and is left behind", extra={"engine": name})

    async def _close(self, name: str, opening: asyncio.Task[None]) -> None:
        await asyncio.wait({opening})
        try:
            await self._engines[name].close()
        except Exception as error:  # noqa: BLE001 - the others must be closed, too
            log_fault(logger, "an engine failed to close", error, {"engine": name})

    def _forget(self, name: str, failed: asyncio.Task[None]) -> None:
        """Only the one that failed: whoever waited for it too may find that the next try has begun."""
        if self._openings.get(name) is failed:
            del self._openings[name]

    def _opening(self, name: str) -> asyncio.Task[None]:
        opening = self._openings.get(name)
        if opening is None:
            opening = self._openings[name] = asyncio.create_task(self._engines[name].open())
            opening.add_done_callback(_look_at)
        return opening


def _look_at(opening: asyncio.Task[None]) -> None:
    """A warm-up that failed is told by the paint that needs it, not by asyncio."""
    if not opening.cancelled():
        opening.exception()
