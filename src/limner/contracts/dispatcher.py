"""How workers learn that there is work. The row is the truth: a nudge may be lost, doubled or forged."""

from __future__ import annotations

from typing import Protocol


class Dispatcher(Protocol):
    """`nudge` never blocks and never raises; `wait` returns at a nudge or after `timeout` seconds, whichever is first."""

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def nudge(self, engine: str) -> None: ...

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - it is the poll interval, not a deadline
        ...
