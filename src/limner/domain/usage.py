"""What was painted and what it cost, by owner, engine and day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

EVERYBODY = ""
"""The owner under whom all owners are counted together; nobody can be called that."""

LONGEST_SPAN = 366
"""Days that one answer tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counts. `calls` may have cost money; `cost` is what the engines expected of them, in the operator's currency."""

    pictures: int = 0
    calls: int = 0
    ambiguous_calls: int = 0
    paid_bad_outputs: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfUsage:
    """One owner's use of one engine on one day (UTC)."""

    owner: str
    engine: str
    day: date
    usage: Usage


def total_of(days: Iterable[DayOfUsage]) -> Usage:
    usages = [day.usage for day in days]
    return Usage(
        pictures=sum(usage.pictures for usage in usages),
        calls=sum(usage.calls for usage in usages),
        ambiguous_calls=sum(usage.ambiguous_calls for usage in usages),
        paid_bad_outputs=sum(usage.paid_bad_outputs for usage in usages),
        cost=round(sum(usage.cost for usage in usages), 6),
    )
