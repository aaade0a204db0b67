import asyncio
from datetime import timedelta

import pytest

from limner.contracts.repository import Idempotency, Onward, Requeue
from limner.domain.budget import Allowance, Budgets
from limner.domain.errors import BudgetExhausted, LeaseLost
from limner.domain.job import CallPhase, JobState, Note
from limner.domain.usage import EVERYBODY
from tests.repositories.making import (
    POLICY,
    claimed,
    new_call,
    new_image,
    open_call,
    opened,
    running,
    submitted,
    used,
)

COSTLY = {"route": ("openai",), "costs": (0.04,)}


@pytest.fixture
def within(place, clock):
    def open_within(**budgets):
        return opened(place, clock, budgets=Budgets(**budgets))

    return open_within


async def test_a_call_is_on_the_ledger_before_it_is_made(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    assert await used(repository) == (0, 1, 0, 0, 0.04)


async def test_the_same_call_after_an_outage_is_counted_once(repository):
    claim = await running(repository, **COSTLY)
    for _ in range(2):
        await open_call(repository, claim, cost=0.04)
    assert await used(repository) == (0, 1, 0, 0, 0.04)


async def test_pictures_are_counted_whoever_painted_them(repository):
    claim = await running(repository, count=2)
    for ordinal in (0, 1):
        await repository.keep_image(claim.lease, new_image(claim, ordinal), finish=ordinal == 1)
    assert await used(repository) == (2, 0, 0, 0, 0)


async def test_a_call_that_cost_nothing_leaves_the_ledger_on_the_day_it_came(repository, clock):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    clock.pass_(15 * 3600)
    await repository.requeue(claim.lease, Requeue(uncharged=True))
    assert await used(repository) == (0, 0, 0, 0, 0)
    assert await used(repository, days=1) == (0, 0, 0, 0, 0)


async def test_a_call_that_cost_nothing_leaves_the_ledger_though_the_job_fails(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    await repository.finish(claim.lease, JobState.FAILED, None, counters=Requeue(uncharged=True))
    assert await used(repository) == (0, 0, 0, 0, 0)


async def test_a_call_with_a_handle_stays_on_the_ledger(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1}))
    await repository.requeue(claim.lease, Requeue(uncharged=True, urgent=True))
    assert await used(repository) == (0, 1, 0, 0, 0.04)


async def test_what_became_of_calls_is_counted(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    await repository.requeue(claim.lease, Requeue(ambiguous_calls=1, paid_bad_outputs=1))
    assert await used(repository) == (0, 1, 1, 1, 0.04)


async def test_a_worker_that_vanished_leaves_its_call_on_the_ledger(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    await repository.sweep(policy=POLICY, is_dead=lambda worker: True)
    assert await used(repository) == (0, 1, 1, 0, 0.04)


async def test_a_zombie_charges_nothing(repository):
    claim = await running(repository, **COSTLY)
    await repository.sweep(policy=POLICY, is_dead=lambda worker: True)
    with pytest.raises(LeaseLost):
        await open_call(repository, claim, cost=0.04)
    assert await used(repository) == (0, 0, 0, 0, 0)


async def test_usage_outlives_the_job_and_goes_with_its_owner(repository):
    claim = await running(repository, **COSTLY)
    await open_call(repository, claim, cost=0.04)
    await repository.keep_image(claim.lease, new_image(claim), finish=True)
    await repository.delete_job(claim.job.id)
    assert await used(repository) == (1, 1, 0, 0, 0.04)
    await repository.delete_owner("ann")
    assert await used(repository) == (0, 0, 0, 0, 0)
    assert await used(repository, EVERYBODY) == (1, 1, 0, 0, 0.04)


async def test_usage_is_told_by_day_and_engine(repository, clock):
    for engine in ("openai", "deepai", "openai"):
        claim = await running(repository, route=(engine,))
        await open_call(repository, claim, cost=0.04)
        await repository.finish(claim.lease, JobState.CANCELLED, None, counters=Requeue())
    clock.pass_(24 * 3600)
    claim = await running(repository, route=("openai",))
    await open_call(repository, claim, cost=0.01)
    today = repository.now().date()
    told = await repository.usage("ann", first=today - timedelta(days=1), last=today)
    assert [(day.engine, (today - day.day).days, day.usage.calls, day.usage.cost) for day in told] == [
        ("deepai", 1, 1, 0.04),
        ("openai", 1, 2, 0.08),
        ("openai", 0, 1, 0.01),
    ]
    assert await repository.usage("ben", first=today, last=today) == ()


async def test_a_call_beyond_the_budget_is_not_made(within):
    async with within(per_owner=Allowance(day=0.10)) as repository:
        claim = await running(repository, count=3, **COSTLY)
        for ordinal in range(2):
            await open_call(repository, claim, first_ordinal=ordinal, cost=0.04)
        with pytest.raises(BudgetExhausted, match=r"has 0\.02 left, and this costs about 0\.04"):
            await open_call(repository, claim, first_ordinal=2, cost=0.04)
        assert await used(repository) == (0, 2, 0, 0, 0.08)


async def test_a_budget_can_be_used_to_its_last_cent(within):
    async with within(per_owner=Allowance(day=1.0)) as repository:
        claim = await running(repository, route=("openai",), count=25)
        for ordinal in range(25):
            await open_call(repository, claim, first_ordinal=ordinal, cost=0.04)
        assert (await used(repository))[4] == 1.0


async def test_a_budget_renews(within, clock):
    async with within(per_owner=Allowance(day=0.04)) as repository:
        claim = await running(repository, count=2, **COSTLY)
        await open_call(repository, claim, cost=0.04)
        clock.pass_(24 * 3600)
        await open_call(repository, claim, first_ordinal=1, cost=0.04)


async def test_what_cost_nothing_can_be_spent_again(within):
    async with within(per_owner=Allowance(day=0.04)) as repository:
        claim = await running(repository, **COSTLY)
        await open_call(repository, claim, cost=0.04)
        await repository.requeue(claim.lease, Requeue(uncharged=True, uncounted=True))
        (again,) = await claimed(repository, engine="openai")
        await open_call(repository, again, cost=0.04)


async def test_an_engines_budget_is_shared_by_all_owners(within):
    async with within(per_engine={"openai": Allowance(month=0.04)}) as repository:
        await open_call(repository, await running(repository, route=("openai",)), cost=0.04)
        ben = await running(repository, owner="ben", route=("openai",))
        with pytest.raises(BudgetExhausted):
            await open_call(repository, ben, cost=0.01)
        await repository.delete_owner("ann")
        with pytest.raises(BudgetExhausted):
            await open_call(repository, ben, cost=0.01)


async def test_workers_that_call_at_once_do_not_spend_a_budget_twice(place, clock, within):
    async with within(per_owner=Allowance(day=0.12)) as one, within(per_owner=Allowance(day=0.12)) as other:
        claims = [await running(one, route=("openai",)) for _ in range(6)]
        calls = [open_call((one, other)[turn % 2], claim, cost=0.04) for turn, claim in enumerate(claims)]
        told = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(isinstance(answer, BudgetExhausted) for answer in told) == 3
        assert (await used(one))[4] == 0.12


async def test_at_the_door_waiting_and_running_jobs_count_as_spent(within):
    async with within(per_owner=Allowance(day=0.10)) as repository:
        await running(repository, **COSTLY)
        await submitted(repository, **COSTLY)
        with pytest.raises(BudgetExhausted, match=r"has 0.02 left.*Nothing was queued") as refusal:
            await submitted(repository, **COSTLY)
        assert (refusal.value.facts["left"], refusal.value.facts["cost"]) == (0.02, 0.04)
        await submitted(repository, owner="ben", **COSTLY)
        await submitted(repository)


async def test_at_the_door_a_call_that_was_made_is_not_counted_twice(within):
    async with within(per_owner=Allowance(day=0.10)) as repository:
        claim = await running(repository, **COSTLY)
        await open_call(repository, claim, cost=0.04)
        await submitted(repository, **COSTLY)


async def test_at_the_door_what_jobs_did_not_need_is_free_again(within):
    async with within(per_owner=Allowance(day=0.10)) as repository:
        jobs = [await submitted(repository, **COSTLY) for _ in range(2)]
        await repository.cancel(jobs[0].id)
        await submitted(repository, **COSTLY)


async def test_at_the_door_a_group_is_let_in_as_far_as_the_budget_goes(within):
    async with within(per_owner_and_engine={"openai": Allowance(month=0.20)}) as repository:
        told = await asyncio.gather(*(submitted(repository, **COSTLY) for _ in range(8)), return_exceptions=True)
        assert sum(isinstance(answer, BudgetExhausted) for answer in told) == 3


async def test_at_the_door_an_engines_budget_counts_everybodys_jobs(within):
    async with within(per_engine={"openai": Allowance(day=0.06)}) as repository:
        await submitted(repository, **COSTLY)
        with pytest.raises(BudgetExhausted, match="The budget for openai"):
            await submitted(repository, owner="ben", **COSTLY)


async def test_at_the_door_a_route_needs_one_engine_that_is_within_its_budget(within):
    async with within(per_engine={"openai": Allowance(day=0.01), "deepai": Allowance(day=0.02)}) as repository:
        await submitted(repository, route=("openai", "deepai"), costs=(0.04, 0.02))
        await submitted(repository, route=("openai", "painter"), costs=(0.04, 0.0))
        with pytest.raises(BudgetExhausted, match="for openai"):
            await submitted(repository, route=("openai", "deepai"), costs=(0.04, 0.03))


async def test_at_the_door_a_job_begins_with_the_engine_that_is_within_its_budget_and_counts_there(within):
    route = {"route": ("openai", "deepai"), "costs": (0.04, 0.02)}
    async with within(per_engine={"openai": Allowance(day=0.05), "deepai": Allowance(day=0.03)}) as repository:
        first, second = [await submitted(repository, **route) for _ in range(2)]
        assert [(job.engine, len(job.notes)) for job in (first, second)] == [("openai", 0), ("deepai", 1)]
        assert await repository.find_job(second.id) == second
        assert second.notes[0].detail == "deepai took over: openai is over its budget."
        with pytest.raises(BudgetExhausted, match="for openai"):
            await submitted(repository, **route)
        (claim,) = await claimed(repository, engine="deepai")
        assert claim.job.id == second.id


async def test_a_group_that_comes_at_once_is_promised_along_the_route(within):
    route = {"route": ("openai", "deepai", "painter"), "costs": (0.04, 0.02, 0.0)}
    async with within(per_engine={"openai": Allowance(day=0.09), "deepai": Allowance(day=0.03)}) as repository:
        jobs = await asyncio.gather(*(submitted(repository, **route) for _ in range(5)))
        assert sorted(job.engine for job in jobs) == ["deepai", "openai", "openai", "painter", "painter"]


async def test_what_a_job_is_expected_to_cost_goes_on_with_it(within):
    note = Note(code="fallback", detail="deepai took over.")
    async with within(per_engine={"openai": Allowance(day=0.04), "deepai": Allowance(day=0.02)}) as repository:
        claim = await running(repository, route=("openai", "deepai"), costs=(0.04, 0.02))
        await repository.requeue(claim.lease, Requeue(onward=Onward(place=1, note=note, tries=5)))
        with pytest.raises(BudgetExhausted, match="for deepai"):
            await submitted(repository, route=("deepai",), costs=(0.02,))
        await submitted(repository, **COSTLY)


async def test_a_repeat_under_the_same_key_needs_no_budget(within):
    async with within(per_owner=Allowance(day=0.05)) as repository:
        key = Idempotency(key="k", fingerprint="f")
        first = await submitted(repository, idempotency=key, **COSTLY)
        assert (await submitted(repository, idempotency=key, **COSTLY)).id == first.id
