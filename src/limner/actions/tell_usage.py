"""What an owner used, day by day."""

from __future__ import annotations

from datetime import date, timedelta

from limner.contracts.repository import Repository
from limner.domain.errors import FieldError, InvalidRequest, MissingScope
from limner.domain.identity import Principal, Scope
from limner.domain.usage import LONGEST_SPAN, DayOfUsage


async def tell_usage(
    principal: Principal,
    *,
    owner: str | None = None,
    first: date | None = None,
    last: date | None = None,
    repository: Repository,
) -> tuple[date, date, tuple[DayOfUsage, ...]]:
    """The first day, the last, and what is between: by default this month's until today. `owner` None: the principal.
    Raises InvalidRequest, MissingScope.
    """
    if owner not in {None, principal.user_id} and not principal.may(Scope.OPERATE):
        raise MissingScope(
            f"This key may ask for its own user only; another owner needs `{Scope.OPERATE}`.",
            needed=Scope.OPERATE.value,
        )
    last = last or repository.now().date()
    first = first or last.replace(day=1)
    _check_span(first, last)
    return first, last, await repository.usage(owner or principal.user_id, first=first, last=last)


def _check_span(first: date, last: date) -> None:
    if first > last:
        detail = f"from is {first}; that is after {last}, the last day."
        raise InvalidRequest([FieldError("/from", "out_of_range", detail, {"maximum": last.isoformat()})])
    if (earliest := last - timedelta(days=LONGEST_SPAN - 1)) > first:
        detail = f"from is {first}; one answer tells of {LONGEST_SPAN} days, from {earliest} here."
        raise InvalidRequest([FieldError("/from", "out_of_range", detail, {"minimum": earliest.isoformat()})])
