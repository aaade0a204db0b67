import asyncio
import os
from datetime import timedelta

import pytest

from limner.actions.claim_storage import mark_storage
from limner.contracts.repository import Requeue
from limner.domain.errors import NotFound, SettingsError
from limner.domain.identity import new_id
from limner.domain.job import JobState
from limner.observers.metrics import Metrics
from tests.actions.workshop import Scripted, eventually, paints, workshop

DEAD = "nobody:at:all:1:2:3"


async def test_an_expired_lease_is_freed_and_the_job_painted(tmp_path):
    policy = {"lease": 0.3, "start_margin": 0.1}
    async with workshop(tmp_path, policy=policy, work=False, fox=Scripted(paints)) as shop:
        job_id = await shop.submit()
        await shop.rows.claim(DEAD, {"fox": 1}, policy=shop.policy)
        await shop.worker().start()
        job = await shop.end(job_id)
    assert (job.state, job.attempt, job.lease_losses) == (JobState.SUCCEEDED, 2, 1)


async def test_a_delay_that_is_over_nudges_a_worker(tmp_path):
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        await shop.sweeper.stop()
        job_id = await shop.submit()
        await shop.dispatcher.wait(0)
        (claim,), _ = await shop.rows.claim(DEAD, {"fox": 1}, policy=shop.policy)
        await shop.rows.requeue(claim.lease, Requeue(delay=timedelta(seconds=0.05)))
        waiter = asyncio.create_task(shop.dispatcher.wait(60))
        await asyncio.sleep(0.1)
        await shop.sweeper.sweep()
        await asyncio.wait_for(waiter, 5)
        assert (await shop.rows.find_job(job_id)).not_before is None


async def test_watchers_hear_of_a_deadline_that_passed(tmp_path):
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        job_id = await shop.submit(deadline_at=shop.rows.now() + timedelta(seconds=0.1))
        with shop.notifier.subscribe(job_id=job_id) as ear:
            (signal,) = await ear.next(5)
        job = await shop.end(job_id)
    assert (job.error.code, signal.seq) == ("deadline_exceeded", job.event_seq)


async def test_what_was_mended_is_counted(tmp_path):
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        await shop.end(await shop.submit(deadline_at=shop.rows.now()))
        await eventually(lambda: b'limner_swept_total{kind="deadline"} 1.0' in Metrics.render(shop.observer))
        assert b'limner_jobs_total{state="failed"} 1.0' in Metrics.render(shop.observer)


async def test_the_sweep_goes_on_by_itself_after_an_outage(tmp_path, caplog):
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        shop.repository.away = True
        job_id = await shop.submit(deadline_at=shop.rows.now() + timedelta(seconds=0.1))
        await asyncio.sleep(0.4)
        shop.repository.away = False
        assert (await shop.end(job_id)).error.code == "deadline_exceeded"
    assert caplog.text.count("the sweep cannot go on") == 1


async def test_hooks_are_told_by_a_sweep_of_jobs_that_ended_elsewhere(tmp_path):
    heard = []
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        shop.hooks.append(lambda job: heard.append(job.id))
        job_id = await shop.submit()
        await shop.rows.cancel(job_id)
        await eventually(lambda: heard == [job_id])


async def test_bytes_that_no_row_names_are_collected(tmp_path):
    async with workshop(tmp_path, work=False, policy={"orphan_age": 60.0}, fox=Scripted(paints)) as shop:
        lost = f"{new_id()}/0/1.png"
        await shop.storage.write(lost, b"bytes")
        path = shop.storage.local_path(lost)
        os.utime(path, (0, 0))
        await shop.sweeper.collect()
        assert not path.exists()


async def test_processes_collect_by_turns(tmp_path):
    async with workshop(tmp_path, work=False, policy={"orphan_age": -60.0}, fox=Scripted(paints)) as shop:
        await shop.sweeper.collect()
        lost = f"{new_id()}/0/1.png"
        await shop.storage.write(lost, b"bytes")
        await shop.sweeper.collect()
        assert await shop.storage.read(lost) == b"bytes"


async def test_pictures_that_had_their_time_go(tmp_path):
    async with workshop(tmp_path, policy={"restore_window": 0.0}, fox=Scripted(paints)) as shop:
        (image,) = (await shop.painted()).images
        await shop.rows.delete_image(image.id)
        await asyncio.sleep(0.05)
        await shop.sweeper.expire()
        with pytest.raises(NotFound):
            await shop.storage.read(image.key)


async def test_nothing_is_collected_from_a_storage_that_is_not_ours(tmp_path):
    async with workshop(tmp_path, work=False, policy={"orphan_age": -60.0}, fox=Scripted(paints)) as shop:
        theirs = f"{new_id()}/0/1.png"
        await shop.storage.write(theirs, b"bytes")
        await mark_storage(shop.storage, installation="theirs")
        with pytest.raises(SettingsError):
            await shop.sweeper.collect()
        assert await shop.storage.read(theirs) == b"bytes"
