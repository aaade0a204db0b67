"""What may be spent: a day, a month, by whom, with which engine. Days and months are UTC's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from limner.domain.errors import BudgetExhausted

Period = Literal["day", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Amounts in the operator's currency; None is no limit."""

    day: float | None = None
    month: float | None = None


NO_LIMIT = Allowance()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One amount that binds a call. `owner` None: all owners together; `engine` None: all engines together."""

    owner: str | None
    engine: str | None
    period: Period
    amount: float

    def first_day(self, now: datetime) -> date:
        """Of the period that `now` is in."""
        today = now.astimezone(UTC).date()
        return today if self.period == "day" else today.replace(day=1)

    def renews_at(self, now: datetime) -> datetime:
        first = self.first_day(now)
        following = first + timedelta(days=1) if self.period == "day" else (first + timedelta(days=31)).replace(day=1)
        return datetime(following.year, following.month, following.day, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """`per_owner` holds for each owner with all engines together, `per_engine` for all owners together with that one,
    `per_owner_and_engine` for each owner with that engine.
    """

    per_owner: Allowance = NO_LIMIT
    per_engine: Mapping[str, Allowance] = field(default_factory=dict)
    per_owner_and_engine: Mapping[str, Allowance] = field(default_factory=dict)

    def limits(self, owner: str, engine: str) -> Iterator[Limit]:
        """All that bind a call of this owner's to this engine."""
        yield from _limits(self.per_owner, owner, None)
        yield from _limits(self.per_engine.get(engine, NO_LIMIT), None, engine)
        yield from _limits(self.per_owner_and_engine.get(engine, NO_LIMIT), owner, engine)

    def all_limits(self) -> Iterator[Limit]:
        """Whoever they bind."""
        for engine in ("", *self.engines):
            yield from self.limits("", engine)

    def binds(self, engine: str) -> bool:
        """Whether anything limits what this engine may cost."""
        return next(self.limits("", engine), None) is not None

    @property
    def engines(self) -> frozenset[str]:
        """Those that are named."""
        return frozenset(self.per_engine) | frozenset(self.per_owner_and_engine)


NO_BUDGETS = Budgets()


def exhausted(limit: Limit, *, cost: float, left: float, now: datetime, ending: str = "") -> BudgetExhausted:
    """The refusal: what is left, and when there is more."""
    renews_at = limit.renews_at(now)
    whose = "Your budget" if limit.owner is not None else "The budget"
    engine = f" for {limit.engine}" if limit.engine else ""
    detail = (
        f"{whose}{engine} of {limit.amount:.2f} a {limit.period} has {max(left, 0.0):.2f} left, and this costs about "
        f"{cost:.2f}; it renews on {renews_at.day} {renews_at:%b, %H:%M} UTC.{ending}"
    )
    return BudgetExhausted(
        detail,
        retry_after=(renews_at - now).total_seconds(),
        left=round(max(left, 0.0), 6),
        cost=round(cost, 6),
        renews_at=f"{renews_at:%Y-%m-%dT%H:%M:%S}.000Z",
    )


def _limits(allowance: Allowance, owner: str | None, engine: str | None) -> Iterator[Limit]:
    if allowance.day is not None:
        yield Limit(owner=owner, engine=engine, period="day", amount=allowance.day)
    if allowance.month is not None:
        yield Limit(owner=owner, engine=engine, period="month", amount=allowance.month)
