import asyncio
from datetime import timedelta

import pytest

from limner.actions.running import Reason
from limner.domain.errors import DatabaseUnavailable, StorageFull, StorageUnavailable
from limner.domain.job import JobState
from tests.actions.workshop import Scripted, paints, pays, polls, workshop


async def test_a_job_that_may_not_pay_ends_at_its_deadline(tmp_path):
    fox = Scripted(pays, charges=True)
    async with workshop(tmp_path, policy={"free_space": 10**18}, fox=fox) as shop:
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=0.3))
    assert (job.error.code, job.ambiguous_calls) == ("deadline_exceeded", 0)


async def test_a_job_whose_picture_cannot_be_stored_ends_at_its_deadline(tmp_path, monkeypatch):
    async def full(key, data):
        raise StorageFull

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        monkeypatch.setattr(shop.storage, "write", full)
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=0.3))
    assert (job.state, job.error.code) == (JobState.FAILED, "deadline_exceeded")


async def test_a_job_whose_engine_does_not_open_ends_at_its_deadline(tmp_path):
    fox = Scripted(paints)
    fox.open = asyncio.Event().wait
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=0.3))
    assert (job.error.code, fox.tasks) == ("deadline_exceeded", [])


async def test_time_spent_on_keeping_counts_towards_the_deadline(tmp_path, monkeypatch):
    async def slowly(key, data):
        await asyncio.sleep(0.4)
        await write(key, data)

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        write = shop.storage.write
        monkeypatch.setattr(shop.storage, "write", slowly)
        job = await shop.painted(count=2, deadline_at=shop.rows.now() + timedelta(seconds=0.3))
    assert (job.error.code, len(job.images)) == ("deadline_exceeded", 1)


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DRAINED])
async def test_a_picture_in_hand_outlasts_an_interruption_and_a_hiccup_together(tmp_path, monkeypatch, reason):
    async def hiccups(key, data):
        monkeypatch.setattr(shop.storage, "write", write)
        for run in shop.workers[0]._runs.values():
            run.interrupt(reason)
        raise StorageUnavailable

    fox = Scripted(pays, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        write = shop.storage.write
        monkeypatch.setattr(shop.storage, "write", hiccups)
        job = await shop.painted()
    assert (job.state, len(job.images), len(fox.tasks)) == (JobState.SUCCEEDED, 1, 1)


async def test_a_handle_outlasts_a_drain_and_a_hiccup_together(tmp_path, monkeypatch):
    async def hiccups(lease, call):
        if (run := shop.workers[0]._runs[lease]).reason:
            return await shop.rows.hold_handle(lease, call)
        run.interrupt(Reason.DRAINED)
        raise DatabaseUnavailable

    fox = Scripted(polls, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        monkeypatch.setattr(shop.repository, "hold_handle", hiccups, raising=False)
        job = await shop.painted()
    assert (job.state, job.ambiguous_calls) == (JobState.SUCCEEDED, 0)
    assert [call.handle for call in fox.tasks[1].resume] == [{"call": 0}]


async def test_an_interruption_is_not_outlasted_for_ever(tmp_path, monkeypatch):
    async def gone(key, data):
        raise StorageUnavailable

    monkeypatch.setattr("limner.actions.running.LAST_CHANCE", 0.2)
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        monkeypatch.setattr(shop.storage, "write", gone)
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
        await shop.rows.cancel(job_id)
        assert (await shop.end(job_id)).state is JobState.CANCELLED
