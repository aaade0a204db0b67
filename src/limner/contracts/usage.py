"""Who used what."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from limner.domain.usage import DayOfUsage


class UsageRepository(Protocol):
    """The ledger; it is written with the calls and pictures themselves."""

    async def usage(self, owner: str, *, first: date, last: date) -> tuple[DayOfUsage, ...]:
        """Oldest first, days without any left out; EVERYBODY is all owners together."""
        ...
