from dataclasses import replace

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.models import Models
from limner.actions.retry_job import retry_job
from limner.domain.errors import InvalidRequest, JobNotRetryable, NotFound, Refused
from limner.domain.job import JobState
from tests.actions.asking import ANN, BEN, Easel, needs_of, studio, submitted
from tests.repositories.making import claimed, new_image


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def cancelled(needs, **ask):
    return await stopped(await submitted(needs, **ask), needs)


async def stopped(job, needs):
    return await cancel_job(job.id, ANN, repository=needs.repository, notifier=needs.notifier, observer=needs.observer)


async def test_a_retry_is_a_new_job_for_the_same_pictures(needs):
    job = await cancelled(needs, count=2, options={"style": "oil"}, reference="r", metadata={"a": 1}, priority=2)
    again = (await retry_job(job.id, ANN, needs=needs)).job
    assert (again.retry_of, again.state) == (job.id, JobState.QUEUED)
    assert again.id != job.id
    assert again.request == job.request
    assert (again.reference, again.metadata, again.priority) == ("r", {"a": 1}, 2)


async def test_a_job_that_has_not_ended_cannot_be_retried(needs):
    job = await submitted(needs)
    with pytest.raises(JobNotRetryable, match="still queued"):
        await retry_job(job.id, ANN, needs=needs)


async def test_a_job_that_succeeded_is_to_be_submitted_again(needs):
    job = await submitted(needs)
    (claim,) = await claimed(needs.repository)
    await needs.repository.keep_image(claim.lease, new_image(claim), finish=True)
    with pytest.raises(JobNotRetryable, match="It succeeded; submit it again instead"):
        await retry_job(job.id, ANN, needs=needs)


async def test_nobody_retries_anothers_job(needs):
    job = await cancelled(needs)
    with pytest.raises(NotFound):
        await retry_job(job.id, BEN, needs=needs)


async def test_an_engine_without_seeds_is_not_given_the_drawn_one(tmp_path):
    models = Models({"painter": Easel(seeds=False)}, default="painter")
    async with studio(tmp_path / "limner.db", models=models) as needs:
        job = await cancelled(needs)
        assert (await retry_job(job.id, ANN, needs=needs)).job.retry_of == job.id


async def test_a_model_that_is_gone_is_named(needs):
    job = await cancelled(needs)
    later = needs_of(needs.repository, models=Models({"other": Easel()}, default="other"))
    with pytest.raises(InvalidRequest, match="There is no model painter"):
        await retry_job(job.id, ANN, needs=later)


async def test_what_a_hook_rewrote_is_rewritten_once(tmp_path):
    async def appends(ask, owner):
        return replace(ask, prompt=f"{ask.prompt}, in oil", steps=20)

    models = Models({"painter": Easel(steps=(1, 50))}, default="painter")
    async with studio(tmp_path / "limner.db", appends, models=models) as needs:
        job = await cancelled(needs)
        again = (await retry_job(job.id, ANN, needs=needs)).job
        third = (await retry_job((await stopped(again, needs)).id, ANN, needs=needs)).job
    assert job.request == again.request == third.request
    assert third.request.prompt == "a fox, in oil"


async def test_hooks_hear_of_retries_too(needs):
    async def no(ask, owner):
        raise Refused("No more foxes.")

    job = await cancelled(needs)
    with pytest.raises(Refused):
        await retry_job(job.id, ANN, needs=needs_of(needs.repository, no))
