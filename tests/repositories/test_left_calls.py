"""Calls that nobody waits for any more are given to one caller, and to nobody where a worker calls them off itself."""

import asyncio
from datetime import timedelta

import pytest

from limner.contracts.repository import Requeue
from limner.domain.job import CallPhase, JobError, JobState
from limner.repositories.sql import left_calls
from tests.repositories.making import POLICY, new_call, new_image, open_call, running

BROKEN = JobError(code="engine_failed", title="The engine failed", detail="It broke.", retryable=True)
RESUMABLE = Requeue(urgent=True)


async def with_handle(repository, **facts):
    """A claim with a call that the service took."""
    claim = await running(repository, **facts)
    await open_call(repository, claim)
    await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1}))
    return claim


async def left(repository, *engines):
    found = await repository.take_left_calls(engines or ("painter",))
    return [(one.job_id, one.engine, one.call.handle) for one in found]


async def test_a_cancel_in_the_queue_leaves_a_call(repository):
    claim = await with_handle(repository)
    await repository.requeue(claim.lease, RESUMABLE)
    assert await left(repository) == []
    await repository.cancel(claim.job.id)
    assert await left(repository, "another") == []
    assert await left(repository) == [(claim.job.id, "painter", {"id": 1})]
    assert await left(repository) == []


async def test_a_deadline_in_the_queue_leaves_a_call(repository, clock):
    claim = await with_handle(repository, deadline_at=repository.now() + timedelta(seconds=1))
    await repository.requeue(claim.lease, RESUMABLE)
    clock.pass_(2)
    await repository.sweep(policy=POLICY, is_dead=lambda _: False)
    assert await left(repository) == [(claim.job.id, "painter", {"id": 1})]


async def test_a_worker_that_died_leaves_the_calls_of_a_job_that_is_cancelled(repository):
    claim = await with_handle(repository)
    await repository.cancel(claim.job.id)
    await repository.sweep(policy=POLICY, is_dead=lambda _: True)
    assert (await repository.find_job(claim.job.id)).state is JobState.CANCELLED
    assert await left(repository) == [(claim.job.id, "painter", {"id": 1})]


@pytest.mark.parametrize("cancelled", [False, True])
async def test_what_a_worker_ends_is_the_workers(repository, cancelled):
    claim = await with_handle(repository)
    if cancelled:
        await repository.cancel(claim.job.id)
        await repository.requeue(claim.lease, RESUMABLE)
    else:
        await repository.finish(claim.lease, JobState.FAILED, BROKEN, counters=Requeue())
    assert await left(repository) == []


async def test_a_call_that_brought_its_picture_is_not_left(repository):
    claim = await with_handle(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await repository.requeue(claim.lease, RESUMABLE)
    await repository.cancel(claim.job.id)
    assert await left(repository) == []


async def test_all_calls_of_a_batch_are_given(repository, monkeypatch):
    monkeypatch.setattr(left_calls, "BATCH", 2)
    for _ in range(3):
        claim = await with_handle(repository, count=2)
        await open_call(repository, claim, first_ordinal=1)
        await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 2}, first_ordinal=1))
        await repository.requeue(claim.lease, RESUMABLE)
        await repository.cancel(claim.job.id)
    given = [await left(repository), await left(repository), await left(repository)]
    assert [len(calls) for calls in given] == [4, 2, 0]


async def test_each_call_has_one_taker(repository):
    claims = [await with_handle(repository) for _ in range(4)]
    for claim in claims:
        await repository.requeue(claim.lease, RESUMABLE)
        await repository.cancel(claim.job.id)
    taken = await asyncio.gather(*(left(repository) for _ in range(4)))
    assert sorted(job_id for some in taken for job_id, _, _ in some) == sorted(claim.job.id for claim in claims)
