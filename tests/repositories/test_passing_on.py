import asyncio
from datetime import timedelta

import pytest

from limner.contracts.repository import Onward, Requeue
from limner.domain.errors import OutOfMoney, RateLimited
from limner.domain.event import JobChanged
from limner.domain.job import CallPhase, JobState, Note
from tests.repositories.making import (
    POLICY,
    claimed,
    execute,
    new_call,
    nobody_is_dead,
    open_call,
    opened,
    running,
    submitted,
    trouble,
)

ROUTE = ("openai/gpt-image-1", "deepai")
ONWARD = Onward(place=1, note=Note(code="fallback", detail="deepai took over."), tries=5)


async def swept(repository):
    return await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)


async def test_a_job_that_waits_for_a_blocked_engine_goes_on_to_the_next(repository):
    job = await submitted(repository, route=ROUTE)
    await trouble(repository, "openai", RateLimited(retry_after=60))
    report = await swept(repository)
    assert (report.engines, report.changes) == ({"deepai"}, (JobChanged(job_id=job.id, owner="ann", seq=2),))
    assert report.counts["passed_on"] == 1
    (claim,) = await claimed(repository, engine="deepai")
    assert (claim.job.engine, claim.job.engine_model, claim.job.route_index) == ("deepai", "", 1)
    assert claim.job.notes == (Note(code="fallback", detail="deepai took over: openai/gpt-image-1 is rate limited."),)


async def test_a_short_pause_is_waited_for(repository):
    job = await submitted(repository, route=ROUTE)
    await trouble(repository, "openai", RateLimited(retry_after=POLICY.route_patience))
    await swept(repository)
    assert (await repository.find_job(job.id)).route_index == 0


async def test_nobody_goes_on_to_an_engine_that_is_blocked_too(repository):
    job = await submitted(repository, route=ROUTE)
    for engine in ("openai", "deepai"):
        await trouble(repository, engine, OutOfMoney())
    await swept(repository)
    assert (await repository.find_job(job.id)).route_index == 0


async def test_a_blocked_engine_is_passed_over(repository):
    job = await submitted(repository, route=(*ROUTE, "painter"))
    for engine in ("openai", "deepai"):
        await trouble(repository, engine, OutOfMoney())
    await swept(repository)
    found = await repository.find_job(job.id)
    assert (found.engine, found.route_index, len(found.notes)) == ("painter", 2, 1)


async def test_a_job_whose_model_is_one_engines_waits(repository):
    job = await submitted(repository, route=("openai",))
    await trouble(repository, "openai", OutOfMoney())
    await swept(repository)
    assert (await repository.find_job(job.id)).state is JobState.QUEUED


async def test_a_call_that_is_open_keeps_its_job(repository):
    claim = await running(repository, route=ROUTE)
    await open_call(repository, claim)
    await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1}))
    await repository.requeue(claim.lease, Requeue(uncounted=True, urgent=True))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    await swept(repository)
    assert (await repository.find_job(claim.job.id)).route_index == 0


async def test_a_delayed_job_need_not_wait_with_the_next_engine(repository):
    claim = await running(repository, route=ROUTE)
    await repository.requeue(claim.lease, Requeue(delay=timedelta(minutes=5)))
    await trouble(repository, "openai", RateLimited(retry_after=60))
    await swept(repository)
    assert await claimed(repository, engine="deepai")


async def test_more_than_a_batch_goes_on_in_one_sweep(repository, monkeypatch):
    monkeypatch.setattr("limner.repositories.sql.passing_on.BATCH", 2)
    for _ in range(5):
        await submitted(repository, route=ROUTE)
    await trouble(repository, "openai", OutOfMoney())
    assert (await swept(repository)).counts["passed_on"] == 5
    assert len(await claimed(repository, engine="deepai", slots=9)) == 5


async def test_two_processes_that_sweep_at_once_pass_a_job_on_once(place, clock, repository):
    for _ in range(4):
        await submitted(repository, route=ROUTE)
    await trouble(repository, "openai", OutOfMoney())
    async with opened(place, clock) as other:
        reports = await asyncio.gather(*(swept(one) for one in (repository, other) * 2))
    assert sum(report.counts.get("passed_on", 0) for report in reports) == 4
    assert {job.route_index for job in await jobs_of(repository)} == {1}
    assert {job.event_seq for job in await jobs_of(repository)} == {2}


async def jobs_of(repository):
    return await repository.page_of_jobs("ann", state=None, reference=None, before=None, limit=50)


async def test_after_a_failed_try_the_next_engine_has_tries_of_its_own(repository):
    claim = await running(repository, route=ROUTE)
    await repository.requeue(claim.lease, Requeue(crashes=3, onward=ONWARD))
    (second,) = await claimed(repository, engine="deepai")
    job = second.job
    assert (job.engine, job.attempt, job.max_attempts, job.crash_count) == ("deepai", 2, 6, 0)
    assert job.notes == (ONWARD.note,)


async def test_an_answer_that_comes_too_late_does_not_take_the_job_from_the_next_engine(repository):
    """The first worker was frozen: its lease is lost, and what it says of the job is dropped."""
    first = await running(repository, route=ROUTE)
    await repository.sweep(policy=POLICY, is_dead=lambda worker: True)
    (second,) = await claimed(repository, engine="openai", worker="w2")
    await repository.requeue(second.lease, Requeue(onward=ONWARD))
    with pytest.raises(Exception, match="Another worker"):
        await repository.requeue(first.lease, Requeue(onward=ONWARD))
    assert (await repository.find_job(first.job.id)).route_index == 1


async def test_what_a_job_is_expected_to_cost_follows_its_engine(place, clock):
    async with opened(place, clock) as repository:
        job = await submitted(repository, route=ROUTE, costs=(0.16, 0.02))
        await trouble(repository, "openai", OutOfMoney())
        await swept(repository)
        assert (await repository.find_job(job.id)).costs == (0.16, 0.02)
    assert expected(place) == [20_000]


def expected(place):
    return [cost for (cost,) in execute(place, "SELECT expected_cost FROM limner_jobs")]
