"""What the upkeep of the tables did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from limner.contracts.repository import SweepReport
from limner.domain.event import JobChanged

BATCH = 50
"""Jobs at a time. Each takes some statements, and all of a transaction must be done in time wherever the server is."""


@dataclass(slots=True, kw_only=True)
class Upkeep:
    """Signals, engines to nudge, storage keys without a row, rows by kind. `more`: a batch was full."""

    changes: list[JobChanged] = field(default_factory=list)
    engines: set[str] = field(default_factory=set)
    keys: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    more: bool = False

    def add(self, other: Upkeep) -> None:
        self.changes += other.changes
        self.engines |= other.engines
        self.keys += other.keys
        self.counts += other.counts
        self.more = self.more or other.more

    def report(self) -> SweepReport:
        return SweepReport(changes=tuple(self.changes), engines=frozenset(self.engines), counts=dict(self.counts))
