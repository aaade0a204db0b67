import pytest

from limner.actions.cancel_job import cancel_job
from limner.domain.errors import JobFinished, NotFound
from limner.domain.job import JobState
from tests.actions.asking import ANN, BEN, studio, submitted
from tests.repositories.making import claimed, new_image


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def cancelled(job, needs, who=ANN):
    return await cancel_job(job.id, who, repository=needs.repository, notifier=needs.notifier, observer=needs.observer)


async def test_a_queued_job_is_cancelled_at_once_and_watchers_hear_it(needs):
    job = await submitted(needs)
    needs.notifier.signals.clear()
    done = await cancelled(job, needs)
    assert done.state is JobState.CANCELLED
    assert [signal.seq for signal in needs.notifier.signals] == [done.event_seq]


async def test_a_cancelled_job_stays_cancelled(needs):
    job = await submitted(needs)
    first = await cancelled(job, needs)
    assert await cancelled(job, needs) == first
    assert needs.observer.counted == [("limner_jobs_total", 1, {"state": "cancelled"})]


async def test_a_running_job_runs_on_with_the_cancel_asked_for(needs):
    job = await submitted(needs)
    await claimed(needs.repository)
    asked = await cancelled(job, needs)
    assert asked.state is JobState.RUNNING
    assert asked.cancel_requested_at
    assert needs.observer.counted == []


async def test_a_finished_job_cannot_be_cancelled(needs):
    job = await submitted(needs)
    (claim,) = await claimed(needs.repository)
    await needs.repository.keep_image(claim.lease, new_image(claim), finish=True)
    with pytest.raises(JobFinished, match="It has already succeeded"):
        await cancelled(job, needs)


async def test_nobody_cancels_anothers_job(needs):
    job = await submitted(needs)
    with pytest.raises(NotFound):
        await cancelled(job, needs, who=BEN)
    assert (await needs.repository.find_job(job.id)).state is JobState.QUEUED
