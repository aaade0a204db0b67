"""Retries of passing faults are a tenth of the tries at most, so that a service that is unwell is not asked twice as much."""

from __future__ import annotations

from dataclasses import dataclass

from limner.contracts.clock import Clock

SHARE = 0.1
"""Retries a try."""
FREE = 10.0
"""Retries a minute that are allowed in any case, and the most that may be saved up."""
MINUTE = 60.0


@dataclass(slots=True)
class _Purse:
    retries: float
    at: float


class RetryBudget:
    """One worker's, by engine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._purses: dict[str, _Purse] = {}

    def note_try(self, engine: str) -> None:
        purse = self._purse(engine)
        purse.retries = min(FREE, purse.retries + SHARE)

    def book(self, engine: str) -> float:
        """Seconds until a retry may be made; it is booked for then."""
        purse = self._purse(engine)
        purse.retries -= 1
        return max(0.0, -purse.retries) * MINUTE / FREE

    def _purse(self, engine: str) -> _Purse:
        now = self._clock.monotonic()
        purse = self._purses.setdefault(engine, _Purse(FREE, now))
        purse.retries = min(FREE, purse.retries + (now - purse.at) * FREE / MINUTE)
        purse.at = now
        return purse
