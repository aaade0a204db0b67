"""What one watcher hears, for as long as what it came with holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from limner.contracts.notifier import Subscription
from limner.domain.event import Signal

Holds = Callable[[], Awaitable[bool]]

ASK_EVERY = 1.0
"""Seconds after which a silent stream asks whether its key still holds."""


class Listener:
    """One watcher's ear."""

    def __init__(self, subscription: Subscription, holds: Holds, heartbeat: float) -> None:
        self._subscription = subscription
        self._holds = holds
        self._heartbeat = heartbeat
        self._silent = 0.0

    async def next(self) -> tuple[Signal, ...] | None:
        """The next signals; () after `heartbeat` seconds of silence; None once it is over."""
        patience = min(ASK_EVERY, self._heartbeat)
        while True:
            try:
                signals = await self._subscription.next(patience)
            except StopAsyncIteration:
                return None
            if not await self._holds():
                return None
            self._silent = 0.0 if signals else self._silent + patience
            if signals or self._silent >= self._heartbeat:
                self._silent = 0.0
                return signals
