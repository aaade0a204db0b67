"""What happened, for those who run it: counters, durations, traces."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol


class Observer(Protocol):
    """Names and labels are the table in docs/operating.md. No method blocks or raises."""

    def count(self, name: str, amount: int = 1, **labels: str) -> None: ...

    def time(self, name: str, seconds: float, **labels: str) -> None: ...

    def trace(self) -> str | None:
        """The current trace as a W3C traceparent, to be kept with a job."""
        ...

    def span(self, name: str, trace: str | None = None) -> AbstractContextManager[None]:
        """A span; with `trace`, one that continues that trace."""
        ...
