"""Services stop what nobody waits for any more; they need not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from limner.actions.engine_room import EngineRoom
from limner.contracts.engine import OpenCall
from limner.contracts.repository import Repository
from limner.domain.job import Call

logger = logging.getLogger("limner.worker")


async def call_off(engines: EngineRoom, name: str, calls: Iterable[OpenCall], *, within: float) -> None:
    """Tells the engine of each, and waits `within` seconds a call at most, for an engine that opens, too."""
    for call in calls:
        try:
            async with asyncio.timeout(within):
                engine = await engines.engine(name)
                await engine.cancel(call)
        except Exception as error:  # noqa: BLE001 - the job is over, whatever the service says
            facts = {"engine": name, "fault": type(error).__name__}
            logger.info("a call could not be called off", extra=facts)


class LeftCalls:
    """Calls of jobs that ended while no worker had them, to be called off by whoever has their engine. Those of one that a
    worker ends are the worker's.
    """

    def __init__(self, room: EngineRoom, *, repository: Repository, within: float) -> None:
        self._names = [name for name in room.capabilities if room.can_cancel(name)]
        self._room = room
        self._repository = repository
        self._within = within

    async def look(self, draining: asyncio.Event) -> None:
        """One query a batch; its services are told side by side. What is taken is nobody else's any more, so that nothing is
        taken once `draining` is set.
        """
        while self._names and not draining.is_set():
            left = await self._repository.take_left_calls(self._names)
            if not left:
                return
            await asyncio.gather(
                *(call_off(self._room, one.engine, [_open(one.call)], within=self._within) for one in left)
            )


def _open(call: Call) -> OpenCall:
    return OpenCall(ordinals=tuple(call.ordinals), request_key=call.request_key, handle=call.handle)
