"""When a change happens, and how long what ends then is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from limner.repositories.sql.rows import EPOCH, to_milliseconds

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """`image_age`: seconds for which finished jobs and their pictures are kept; None is for ever."""

    now: datetime
    image_age: float | None = None

    @property
    def at(self) -> int:
        return to_milliseconds(self.now)

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
