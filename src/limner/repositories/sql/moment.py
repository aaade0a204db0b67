"""When a change happens, and what the installation has set for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from limner.domain.budget import NO_BUDGETS, Budgets
from limner.repositories.sql.rows import EPOCH, to_milliseconds

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """`image_age`: seconds for which finished jobs and their pictures are kept; None is for ever. `credentials`: the
    one that each engine uses now.
    """

    now: datetime
    image_age: float | None = None
    budgets: Budgets = NO_BUDGETS
    credentials: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> int:
        return to_milliseconds(self.now)

    @property
    def day(self) -> str:
        """UTC's."""
        return self.now.astimezone(UTC).date().isoformat()

    @property
    def turn(self) -> int:
        """A place at the back of the round: finer than times in rows, because many claims fit into a millisecond."""
        return (self.now - EPOCH) // MICROSECOND

    @property
    def expiry(self) -> int | None:
        return None if self.image_age is None else self.after(self.image_age)

    def after(self, seconds: float) -> int:
        return to_milliseconds(self.now + timedelta(seconds=seconds))

    def before(self, seconds: float) -> int:
        return to_milliseconds(self.now - timedelta(seconds=seconds))
