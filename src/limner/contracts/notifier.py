"""How watchers learn that something happened."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self

from limner.domain.event import Signal


class Subscription(Protocol):
    """What one watcher hears, bounded: signals of one kind for one job replace each other, the latest wins.

    Entered before the row is read, so nothing falls between.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def next(self, timeout: float) -> tuple[Signal, ...]:  # noqa: ASYNC109 - it is the heartbeat, not a deadline
        """All that came since the last call, durable changes first; waits for the first up to `timeout` seconds,
        then returns (). Raises StopAsyncIteration once the notifier is closed.
        """
        ...


class Notifier(Protocol):
    """Best effort: watchers that must not miss anything read rows. `publish` never blocks, from any thread."""

    async def open(self) -> None: ...

    async def close(self) -> None:
        """Ends every subscription."""
        ...

    def publish(self, signals: Sequence[Signal]) -> None: ...

    def subscribe(self, *, job_id: str | None = None, owner: str | None = None, previews: bool = True) -> Subscription:
        """One job's signals, or all of one owner's."""
        ...
