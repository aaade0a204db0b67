"""How workers learn that there is work. The row is the truth: a nudge may be lost, doubled or forged."""

from __future__ import annotations

from typing import Protocol


class Dispatcher(Protocol):
    """`nudge` says everywhere that an engine may have work; `wake` says here that something may. Neither blocks or
    raises, from any thread. `wait` returns at either, or after `timeout` seconds, whichever is first.
    """

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def fault(self) -> str:
        """Why nudges cannot be sent just now, or nothing."""
        ...

    def nudge(self, engine: str) -> None: ...

    def wake(self) -> None: ...

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the poll interval, not a deadline
        ...
