"""What becomes of calls at a service when their job is over, and of calls that the service failed at."""

import asyncio
from datetime import timedelta

import pytest

from limner.actions.call_off import call_off
from limner.actions.engine_room import EngineRoom
from limner.contracts.engine import OpenCall, Progress, Submitted, Submitting
from limner.domain.errors import BadImage, CallFailed, RefusedByPolicy
from limner.domain.job import JobState
from tests.actions.workshop import PATIENCE, POLICY, Scripted, eventually, fails, paints, polls, workshop
from tests.repositories.making import execute


class Hosted(Scripted):
    """Remembers the calls that it was told to cancel; `cancelling` is what that does."""

    def __init__(self, *plays, cancelling=None, **capabilities):
        super().__init__(*plays, charges=True, **capabilities)
        self.cancelled = []
        self.cancelling = cancelling

    async def cancel(self, call):
        assert self.closed == len(self.tasks), "the paint is still open"
        self.cancelled.append(call.handle)
        if self.cancelling:
            await self.cancelling()


async def waits(task):
    paid = {ordinal for call in task.resume for ordinal in call.ordinals}
    for ordinal in task.ordinals:
        if ordinal not in paid:
            yield Submitting(ordinals=(ordinal,), request_key=f"k{ordinal}")
            yield Submitted(ordinals=(ordinal,), handle={"call": ordinal})
    while True:
        yield Progress(step=0)
        await asyncio.sleep(0.01)


def submitted(task):
    return [Submitting(ordinals=(0,), request_key="k"), Submitted(ordinals=(0,), handle={"call": 0})]


async def cancelled(shop, **facts):
    job_id = await shop.submit(**facts)
    await shop.until(job_id, lambda job: job.state is JobState.RUNNING and job.progress.step is not None)
    await eventually_submitted(shop)
    await shop.rows.cancel(job_id)
    return await shop.end(job_id)


async def eventually_submitted(shop):
    await eventually(lambda: shop.workers[0]._runs)
    (run,) = shop.workers[0]._runs.values()
    async with asyncio.timeout(PATIENCE):
        while len([call for call in run.calls.values() if call.handle]) < run.job.request.count:
            await asyncio.sleep(0.005)


async def test_a_cancelled_job_stops_its_calls_at_the_service(tmp_path):
    fox = Hosted(waits)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await cancelled(shop, count=2)
        await eventually(lambda: len(fox.cancelled) == 2)
    assert (job.state, fox.cancelled) == (JobState.CANCELLED, [{"call": 0}, {"call": 1}])


@pytest.mark.parametrize("rest", [0.1, POLICY.lease])
async def test_a_cancel_that_was_recorded_without_an_answer_stops_its_call_at_the_service(tmp_path, monkeypatch, rest):
    """Though the heartbeat may find the lease gone before the worker asks again."""
    monkeypatch.setattr("limner.actions.running.FIRST_REST", rest)
    fox = Hosted(waits)
    async with workshop(tmp_path, fox=fox) as shop:
        shop.repository.unheard.add("finish")
        job = await cancelled(shop)
        await eventually(lambda: shop.workers[0].running == 0)
        told = shop.observer.render().decode()
    assert (job.state, fox.cancelled) == (JobState.CANCELLED, [{"call": 0}])
    assert 'limner_jobs_total{state="cancelled"} 1.0' in told
    assert "limner_lease_losses_total 0.0" in told


async def test_a_job_that_fails_stops_its_calls_at_the_service(tmp_path):
    fox = Hosted(fails(RefusedByPolicy, before=submitted))
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
        await eventually(lambda: fox.cancelled)
    assert (job.error.code, fox.cancelled) == ("refused_by_policy", [{"call": 0}])


async def test_a_job_at_its_deadline_stops_its_calls_at_the_service(tmp_path):
    fox = Hosted(waits)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=0.5))
        await eventually(lambda: fox.cancelled)
    assert (job.error.code, fox.cancelled) == ("deadline_exceeded", [{"call": 0}])


async def test_a_drained_job_leaves_its_calls_running(tmp_path):
    fox = Hosted(waits, polls)
    async with workshop(tmp_path, fox=fox) as shop:
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
        await eventually_submitted(shop)
        await shop.workers[0].stop()
        await shop.worker().start()
        job = await shop.end(job_id)
    assert (job.state, fox.cancelled, fox.tasks[1].resume[0].handle) == (JobState.SUCCEEDED, [], {"call": 0})


async def left_in_the_queue(shop):
    """A job that waits with a call of its own at the service."""
    job_id = await shop.submit()
    await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
    await eventually_submitted(shop)
    await shop.workers[0].stop()
    return job_id


async def test_a_job_that_is_cancelled_in_the_queue_stops_its_calls_at_the_service(tmp_path):
    fox = Hosted(waits)
    async with workshop(tmp_path, policy={"poll": 60.0, "running_per_owner": 1}, fox=fox) as shop:
        job_id = await left_in_the_queue(shop)
        await shop.rows.cancel(job_id)
        assert (await shop.rows.find_job(job_id)).state is JobState.CANCELLED
        for _ in range(2):
            await shop.worker().start()
        await eventually(lambda: fox.cancelled)
        await asyncio.gather(*(worker.stop() for worker in shop.workers))
    assert (fox.cancelled, len(fox.tasks)) == ([{"call": 0}], 1)


async def test_a_job_whose_deadline_passes_in_the_queue_stops_its_calls_at_the_service(tmp_path):
    fox = Hosted(waits)
    async with workshop(tmp_path, fox=fox) as shop:
        job_id = await left_in_the_queue(shop)
        execute(f"sqlite:///{shop.database}", f"UPDATE limner_jobs SET deadline_at = 1 WHERE id = '{job_id}'")
        assert (await shop.end(job_id)).error.code == "deadline_exceeded"
        assert fox.cancelled == []
        await shop.worker().start()
        await eventually(lambda: fox.cancelled)
    assert fox.cancelled == [{"call": 0}]


async def test_a_service_that_hangs_at_a_call_of_a_cancelled_job_keeps_no_other_job_waiting(tmp_path):
    answer = asyncio.Event()
    fox = Hosted(waits, paints, cancelling=answer.wait)
    async with workshop(tmp_path, policy={"close_grace": PATIENCE}, fox=fox) as shop:
        job_id = await left_in_the_queue(shop)
        await shop.rows.cancel(job_id)
        assert (await shop.rows.find_job(job_id)).state is JobState.CANCELLED
        await shop.worker().start()
        await eventually(lambda: fox.cancelled)
        assert (await shop.painted()).state is JobState.SUCCEEDED
        answer.set()


async def test_an_engine_that_does_not_open_holds_up_no_call_of_another(tmp_path):
    fox = Hosted(waits)
    fox.open = asyncio.Event().wait
    room = EngineRoom({"fox": fox})
    async with asyncio.timeout(PATIENCE):
        await call_off(room, "fox", [OpenCall(ordinals=(0,), request_key="k", handle={})], within=0.01)
    await room.close(1.0)
    assert fox.cancelled == []


async def test_a_drain_lets_the_services_of_taken_calls_be_told(tmp_path):
    may_answer, told = asyncio.Event(), []

    async def answers():
        await may_answer.wait()
        told.append("the service")

    fox = Hosted(waits, cancelling=answers)
    async with workshop(tmp_path, policy={"close_grace": PATIENCE}, fox=fox) as shop:
        await shop.rows.cancel(await left_in_the_queue(shop))
        await shop.worker().start()
        await eventually(lambda: fox.cancelled)
        draining = asyncio.create_task(shop.workers[1].stop())
        await asyncio.wait({draining}, timeout=0.2)
        may_answer.set()
        await draining
    assert told == ["the service"]


@pytest.mark.parametrize("trouble", [RuntimeError, None])
async def test_a_service_that_does_not_listen_holds_nothing_up(tmp_path, trouble):
    async def trips():
        if trouble:
            raise trouble("no")
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Hosted(waits, cancelling=trips)) as shop:
        job = await cancelled(shop)
        await eventually(lambda: shop.workers[0].running == 0)
    assert job.state is JobState.CANCELLED


@pytest.mark.parametrize(("error", "code"), [(CallFailed, "engine_failed"), (BadImage, "bad_image")])
async def test_a_call_that_the_service_failed_at_is_paid_for_once_more(tmp_path, error, code):
    fox = Hosted(fails(lambda: error("It sneezed.", ordinal=0), before=submitted), polls)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.paid_bad_outputs, fox.tasks[1].resume) == (JobState.SUCCEEDED, 1, ())


@pytest.mark.parametrize(("error", "code"), [(CallFailed, "engine_failed"), (BadImage, "bad_image")])
async def test_and_not_a_third_time(tmp_path, error, code):
    fox = Hosted(fails(lambda: error("It sneezed.", ordinal=0), before=submitted))
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.error.detail, job.paid_bad_outputs, len(fox.tasks)) == (code, "It sneezed.", 2, 2)


async def test_a_call_that_failed_leaves_another_ones_handle(tmp_path):
    def two(task):
        for ordinal in task.ordinals:
            yield Submitting(ordinals=(ordinal,), request_key=f"k{ordinal}")
            yield Submitted(ordinals=(ordinal,), handle={"call": ordinal})

    fox = Hosted(fails(lambda: CallFailed(ordinal=1), before=two), polls)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(count=2)
    assert [call.ordinals for call in fox.tasks[1].resume] == [(0,)]
    assert (job.state, job.paid_bad_outputs) == (JobState.SUCCEEDED, 1)


async def test_a_call_that_failed_before_it_had_a_handle_is_counted_once(tmp_path):
    def unanswered(task):
        return [Submitting(ordinals=(0,), request_key="k")]

    fox = Hosted(fails(lambda: CallFailed(ordinal=0), before=unanswered), polls)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.paid_bad_outputs, job.ambiguous_calls) == (JobState.SUCCEEDED, 1, 0)
