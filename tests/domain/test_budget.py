from datetime import UTC, datetime

import pytest

from limner.domain.budget import Allowance, Budgets, Limit, exhausted

NOW = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
BUDGETS = Budgets(
    per_owner=Allowance(day=1.0, month=20.0),
    per_engine={"openai": Allowance(month=500.0)},
    per_owner_and_engine={"openai": Allowance(day=0.5)},
)


def limit(period, **facts):
    return Limit(**{"owner": "ann", "engine": None, "amount": 1.0} | facts, period=period)


def test_every_budget_that_names_the_owner_or_the_engine_binds_a_call():
    found = [(one.owner, one.engine, one.period, one.amount) for one in BUDGETS.limits("ann", "openai")]
    assert found == [
        ("ann", None, "day", 1.0),
        ("ann", None, "month", 20.0),
        (None, "openai", "month", 500.0),
        ("ann", "openai", "day", 0.5),
    ]


def test_a_budget_of_another_engine_binds_nobody_else():
    assert [one.engine for one in BUDGETS.limits("ann", "deepai")] == [None, None]


@pytest.mark.parametrize(
    ("now", "period", "first", "renews"),
    [
        (NOW, "day", "2026-12-31", "2027-01-01"),
        (NOW, "month", "2026-12-01", "2027-01-01"),
        (datetime(2026, 1, 31, tzinfo=UTC), "month", "2026-01-01", "2026-02-01"),
        (datetime(2028, 2, 1, tzinfo=UTC), "month", "2028-02-01", "2028-03-01"),
    ],
)
def test_days_and_months_are_utcs(now, period, first, renews):
    one = limit(period)
    assert (one.first_day(now).isoformat(), one.renews_at(now).date().isoformat()) == (first, renews)


def test_the_refusal_says_what_is_left_and_when_there_is_more():
    error = exhausted(limit("day", engine="openai"), cost=0.16, left=0.04, now=NOW)
    assert error.detail == (
        "Your budget for openai of 1.00 a day has 0.04 left, and this costs about 0.16; it renews on 1 Jan, 00:00 UTC."
    )
    assert (error.retry_after, error.facts["renews_at"]) == (1800.0, "2027-01-01T00:00:00.000Z")


def test_a_budget_that_all_share_is_not_called_yours():
    error = exhausted(limit("month", owner=None, engine="openai"), cost=1, left=-2, now=NOW)
    assert error.detail.startswith("The budget for openai of 1.00 a month has 0.00 left")
