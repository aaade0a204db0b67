"""Whether a lease that ran out says anything about its worker."""

from __future__ import annotations

from limner.contracts.clock import seconds


class LeaseTrust:
    """While the database or this machine was away nobody could renew: for one lease after it, none is believed lost."""

    def __init__(self) -> None:
        self._unsure_since = float("-inf")
        self._last_look: float | None = None

    def note_outage(self) -> None:
        """The database does not answer, or has just begun to."""
        self._unsure_since = seconds()

    def look(self, lease: float) -> bool:
        """Asked at every sweep: a look that comes later than a lease after the one before means that we slept."""
        now = seconds()
        if self._last_look is not None and now - self._last_look > lease:
            self._unsure_since = now
        self._last_look = now
        return now - self._unsure_since >= lease
