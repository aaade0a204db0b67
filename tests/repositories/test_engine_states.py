from datetime import timedelta

import pytest

from limner.contracts.repository import Requeue
from limner.domain.errors import OutOfMoney, RateLimited, Transient, Unauthorised
from limner.domain.job import CallPhase
from limner.domain.policy import DAY
from tests.repositories.making import (
    POLICY,
    claimed,
    new_call,
    nobody_is_dead,
    open_call,
    opened,
    running,
    submitted,
    trouble,
)


async def test_jobs_of_a_paused_engine_are_not_handed_out_until_the_pause_is_over(repository, clock):
    await submitted(repository, route=("openai",))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    assert not await claimed(repository, engine="openai")
    clock.pass_(60)
    (claim,) = await claimed(repository, engine="openai")
    assert (claim.troubled, claim.probe) == (True, False)


async def test_a_pause_moves_nobody_else(repository):
    await submitted(repository, owner="ben", route=("deepai",))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    (claim,) = await claimed(repository, engine="deepai")
    assert not claim.troubled


async def test_after_a_pause_all_may_go_at_once(repository, clock):
    for _ in range(3):
        await submitted(repository, route=("openai",))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    clock.pass_(61)
    assert len(await claimed(repository, engine="openai", slots=5)) == 3


async def test_a_breaker_lets_one_job_through_at_a_time(repository, clock):
    for _ in range(3):
        await submitted(repository, route=("openai",))
    await trouble(repository, "openai", Unauthorised())
    clock.pass_(POLICY.breaker_pause)
    (probe,) = await claimed(repository, engine="openai", slots=5)
    assert probe.probe
    assert not await claimed(repository, engine="openai", slots=5, worker="w2")


async def test_should_the_probe_vanish_another_one_follows(repository, clock):
    for _ in range(2):
        await submitted(repository, route=("openai",))
    await trouble(repository, "openai", Unauthorised())
    clock.pass_(POLICY.breaker_pause)
    await claimed(repository, engine="openai")
    clock.pass_(POLICY.breaker_pause)
    (second,) = await claimed(repository, engine="openai", slots=5)
    assert second.probe


async def test_a_probe_that_paints_closes_the_breaker(repository, clock):
    for _ in range(4):
        await submitted(repository, route=("openai",))
    await trouble(repository, "openai", Unauthorised())
    clock.pass_(POLICY.breaker_pause)
    await claimed(repository, engine="openai")
    await repository.note_recovery("openai", probe=True)
    assert not await repository.engine_states()
    assert len(await claimed(repository, engine="openai", slots=5)) == 3


async def test_what_was_under_way_does_not_close_it(repository):
    await trouble(repository, "openai", OutOfMoney())
    await repository.note_recovery("openai", probe=False)
    assert (await repository.engine_states())["openai"].code == "provider_out_of_money"


async def test_an_account_is_healed_by_the_probe_alone(repository, clock):
    """A picture may come late of a call that was made while there was money."""
    await trouble(repository, "openai", OutOfMoney())
    clock.pass_(POLICY.breaker_pause)
    await repository.note_recovery("openai", probe=False)
    assert await repository.engine_states()
    await repository.note_recovery("openai", probe=True)
    assert not await repository.engine_states()


async def test_a_success_ends_a_run_of_passing_faults(repository):
    for _ in range(POLICY.breaker_failures - 1):
        await trouble(repository, "openai", Transient())
    await repository.note_recovery("openai", probe=False)
    assert (await trouble(repository, "openai", Transient())).failures == 1


async def test_what_is_paid_for_is_fetched_without_money(repository):
    """Its pictures expire at the service."""
    claim = await running(repository, route=("openai",))
    await open_call(repository, claim)
    await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1}))
    await repository.requeue(claim.lease, Requeue(uncounted=True, urgent=True))
    await submitted(repository, owner="ben", route=("openai",))
    await trouble(repository, "openai", OutOfMoney())
    (fetched,) = await claimed(repository, engine="openai", slots=5)
    assert fetched.job.id == claim.job.id


async def test_the_state_before_is_told_with_the_new_one(repository):
    first, none = await repository.note_trouble("openai", OutOfMoney("Empty."), probe=False, policy=POLICY)
    second, before = await repository.note_trouble("openai", OutOfMoney(), probe=True, policy=POLICY)
    assert (none, before, second.failures, first.detail) == (None, first, 2, "Empty.")


async def test_another_key_has_not_met_the_trouble_of_the_old_one(place, clock):
    keys = {"openai": "old"}
    async with opened(place, clock, credentials=lambda: keys) as repository:
        await submitted(repository, route=("openai",))
        await trouble(repository, "openai", Unauthorised())
        assert not await claimed(repository, engine="openai")
        keys["openai"] = "new"
        assert not await repository.engine_states()
        assert await claimed(repository, engine="openai")


async def test_a_pause_holds_in_other_processes_too(place, clock, repository):
    await submitted(repository, route=("openai",))
    async with opened(place, clock) as other:
        await trouble(other, "openai", RateLimited(retry_after=60))
    assert not await claimed(repository, engine="openai")


async def test_a_job_that_waits_tells_when_its_engine_is_back(repository, clock):
    job = await submitted(repository, route=("openai",))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    back = (await repository.engine_states())["openai"].blocked_until
    told = [
        (await repository.find_job(job.id)),
        (await repository.page_of_jobs("ann", state=None, reference=None, before=None, limit=1))[0],
        (await submitted(repository, route=("openai",))),
    ]
    assert [one.expected_start_at for one in told] == [back] * 3
    clock.pass_(61)
    assert (await repository.find_job(job.id)).expected_start_at is None


async def test_the_later_of_two_reasons_to_wait_is_told(repository):
    later = repository.now() + timedelta(hours=1)
    job = await submitted(repository, route=("openai",), not_before=later)
    await trouble(repository, "openai", RateLimited(retry_after=60))
    assert (await repository.find_job(job.id)).expected_start_at == later


async def test_a_job_that_runs_expects_nothing(repository):
    claim = await running(repository, route=("openai",))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    assert (await repository.find_job(claim.job.id)).expected_start_at is None


async def test_the_metrics_know_who_is_blocked_and_do_not_wait_for_it(repository, clock):
    await submitted(repository, route=("openai",))
    await trouble(repository, "openai", OutOfMoney())
    facts = await repository.queue_facts()
    assert (dict(facts.blocked), facts.oldest_claimable_at) == ({"openai": "provider_out_of_money"}, None)
    clock.pass_(POLICY.breaker_pause)
    facts = await repository.queue_facts()
    assert not facts.blocked
    assert facts.oldest_claimable_at is not None


async def test_old_trouble_is_forgotten(repository, clock):
    await trouble(repository, "openai", Transient())
    clock.pass_(DAY + 1)
    await repository.expire(policy=POLICY)
    assert not await repository.engine_states()


@pytest.mark.parametrize("error", [RateLimited(retry_after=600), OutOfMoney()])
async def test_jobs_that_wait_for_an_engine_end_at_their_deadline(repository, clock, error):
    job = await submitted(repository, route=("openai",))
    await trouble(repository, "openai", error)
    clock.pass_(DAY + 1)
    await trouble(repository, "openai", error)
    await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
    assert (await repository.find_job(job.id)).error.code == "deadline_exceeded"
