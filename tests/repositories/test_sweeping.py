from dataclasses import replace
from datetime import timedelta

import pytest

from limner.domain.errors import LeaseLost
from limner.domain.job import CallPhase
from tests.repositories.making import POLICY, claimed, new_call, new_image, nobody_is_dead, running, submitted


async def sweep(repository, policy=POLICY, is_dead=nobody_is_dead):
    return await repository.sweep(policy=policy, is_dead=is_dead)


async def lose_worker(repository, clock):
    clock.pass_(POLICY.lease + 1)
    return await sweep(repository)


async def test_a_lease_that_ran_out_frees_its_job(repository, clock):
    claim = await running(repository)
    report = await lose_worker(repository, clock)
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.lease_losses, job.attempt) == ("queued", 1, 1)
    assert (report.engines, report.counts["lease_lost"], report.changes[0].seq) == ({"painter"}, 1, 3)
    assert (await claimed(repository))[0].lease.epoch == 2


async def test_a_renewed_lease_is_left_alone(repository, clock):
    claim = await running(repository)
    clock.pass_(POLICY.lease - 1)
    repository.renew([claim.lease], seconds=POLICY.lease)
    clock.pass_(POLICY.lease - 1)
    assert (await sweep(repository)).changes == ()


async def test_a_dead_workers_jobs_are_freed_at_once(repository):
    dead, alive = await running(repository), await running(repository)
    asked = []
    await submitted(repository)
    await claimed(repository, worker="w2")
    report = await sweep(repository, is_dead=lambda worker: asked.append(worker) or worker == "w1")
    assert sorted(asked) == ["w1", "w2"]
    assert {change.job_id for change in report.changes} == {dead.job.id, alive.job.id}


async def test_a_lost_job_whose_cancel_was_asked_for_is_cancelled(repository, clock):
    claim = await running(repository)
    await repository.cancel(claim.job.id)
    await lose_worker(repository, clock)
    assert (await repository.find_job(claim.job.id)).state == "cancelled"


async def test_a_job_gives_up_after_too_many_lost_workers(repository, clock):
    policy = replace(POLICY, max_lease_losses=2)
    claim = await running(repository)
    await lose_worker(repository, clock)
    await claimed(repository)
    clock.pass_(POLICY.lease + 1)
    await sweep(repository, policy)
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.error.code, job.lease_losses) == ("failed", "engine_crashed", 2)


async def test_a_call_that_may_have_been_charged_fails_the_job_where_engines_charge(repository, clock):
    claim = await running(repository)
    await repository.open_call(claim.lease, new_call(claim), fail_if_ambiguous=True)
    await lose_worker(repository, clock)
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.error.code, job.ambiguous_calls) == ("failed", "ambiguous_charge", 1)


async def test_it_is_counted_and_tried_again_where_the_operator_says_so(repository, clock):
    claim = await running(repository)
    await repository.open_call(claim.lease, new_call(claim), fail_if_ambiguous=False)
    await lose_worker(repository, clock)
    await lose_worker(repository, clock)
    (again,) = await claimed(repository)
    assert (again.job.ambiguous_calls, again.job.lease_losses, again.calls) == (1, 1, ())


async def test_a_call_with_a_handle_is_resumed_before_everything_else(repository, clock):
    claim = await running(repository)
    await repository.hold_handle(claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1}))
    await submitted(repository, owner="ben", priority=9)
    await lose_worker(repository, clock)
    (again,) = await claimed(repository)
    assert (again.job.id, again.calls[0].handle, again.job.ambiguous_calls) == (claim.job.id, {"id": 1}, 0)


async def test_pictures_of_a_lost_try_stay(repository, clock):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await lose_worker(repository, clock)
    assert (await claimed(repository))[0].job.missing == (1,)


async def test_a_job_that_waited_past_its_deadline_fails(repository, clock):
    job = await submitted(repository, deadline_at=repository.now() + timedelta(seconds=10))
    delayed = await submitted(
        repository,
        deadline_at=repository.now() + timedelta(seconds=10),
        not_before=repository.now() + timedelta(hours=1),
    )
    clock.pass_(11)
    report = await sweep(repository)
    assert report.counts["deadline"] == 2
    for ended in (job, delayed):
        found = await repository.find_job(ended.id)
        assert (found.state, found.error.code) == ("failed", "deadline_exceeded")
    assert (await repository.queue_facts()).queued == {}


async def test_a_lost_job_past_its_deadline_fails(repository, clock):
    claim = await running(repository, deadline_at=repository.now() + timedelta(seconds=10))
    clock.pass_(11)
    assert (await sweep(repository)).changes == ()
    await lose_worker(repository, clock)
    assert (await repository.find_job(claim.job.id)).error.code == "deadline_exceeded"


async def test_a_sweep_works_through_more_than_one_batch(repository, clock):
    policy = replace(POLICY, queued_per_owner=999)
    for _ in range(450):
        await submitted(repository, policy=policy, deadline_at=repository.now() + timedelta(seconds=10))
    clock.pass_(11)
    assert (await sweep(repository)).counts["deadline"] == 450


async def test_after_an_outage_no_lease_is_believed_lost_for_one_lease(repository, clock):
    claim = await running(repository)
    repository._trust.note_outage()
    assert (await lose_worker(repository, clock)).changes == ()
    await repository.keep_image(claim.lease, new_image(claim), finish=True)


async def test_a_sweeper_that_slept_believes_nobody_dead(repository, clock):
    await running(repository)
    await sweep(repository)
    repository._trust._last_look -= POLICY.lease + 1
    assert (await lose_worker(repository, clock)).changes == ()


async def test_a_second_sweep_finds_nothing(repository, clock):
    claim = await running(repository)
    await lose_worker(repository, clock)
    assert (await sweep(repository)).changes == ()
    with pytest.raises(LeaseLost):
        await repository.keep_image(claim.lease, new_image(claim), finish=True)
