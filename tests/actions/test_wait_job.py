import asyncio
import time

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.wait_job import wait_job
from limner.domain.event import ProgressTick
from limner.domain.job import JobState
from tests.actions.asking import ANN, studio, submitted
from tests.actions.watching import claim_of, keep


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


def wait(job, needs, *, seconds=30.0, until=lambda job: job.state.final):
    return wait_job(job, until=until, seconds=seconds, repository=needs.repository, notifier=needs.notifier)


async def test_it_answers_when_the_job_ends(needs):
    job = await submitted(needs)
    waiting = asyncio.create_task(wait(job, needs))
    await keep(needs, await claim_of(needs), finish=True)
    done = await waiting
    assert (done.state, len(done.images)) == (JobState.SUCCEEDED, 1)


async def test_it_answers_at_once_what_is_so_already(needs):
    job = await submitted(needs)
    await cancel_job(job.id, ANN, repository=needs.repository, notifier=needs.notifier, observer=needs.observer)
    assert (await wait(job, needs)).state is JobState.CANCELLED


async def test_it_answers_with_the_job_as_it_is_when_the_time_is_over(needs):
    job = await submitted(needs)
    began = time.monotonic()
    assert (await wait(job, needs, seconds=0.1)).state is JobState.QUEUED
    assert time.monotonic() - began >= 0.1
    assert needs.notifier.boards() == ()


async def test_any_condition_may_be_waited_for(needs):
    job = await submitted(needs)
    waiting = asyncio.create_task(wait(job, needs, until=lambda found: found.event_seq > 1))
    await claim_of(needs)
    assert (await waiting).state is JobState.RUNNING


async def test_progress_alone_is_no_change(needs):
    asked = []
    job = await submitted(needs)
    waiting = asyncio.create_task(wait(job, needs, until=asked.append, seconds=0.2))
    await asyncio.sleep(0.05)
    needs.notifier.publish((ProgressTick(job_id=job.id, owner="ann", fraction=0.5, step=1),))
    await waiting
    assert len(asked) == 2


async def test_a_change_of_which_nobody_told_is_found(needs, monkeypatch):
    monkeypatch.setattr("limner.actions.wait_job.LOOK_EVERY", 0.05)
    job = await submitted(needs)
    waiting = asyncio.create_task(wait(job, needs))
    await asyncio.sleep(0.02)
    await needs.repository.cancel(job.id)
    async with asyncio.timeout(5):
        assert (await waiting).state is JobState.CANCELLED


async def test_it_answers_when_the_server_stops_or_the_job_is_deleted(needs, monkeypatch):
    monkeypatch.setattr("limner.actions.wait_job.LOOK_EVERY", 0.05)
    job = await submitted(needs)
    waiting = asyncio.create_task(wait(job, needs))
    await asyncio.sleep(0.02)
    await needs.repository.delete_owner("ann")
    assert (await waiting).id == job.id
    other = await submitted(needs)
    waiting = asyncio.create_task(wait(other, needs))
    await asyncio.sleep(0.02)
    await needs.notifier.close()
    assert (await waiting).id == other.id
