import asyncio

import pytest

from limner.actions.job_reader import MOST_KEPT, JobReader
from limner.domain.errors import DatabaseUnavailable
from tests.actions.asking import studio, submitted
from tests.actions.watching import CountingRepository


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def test_those_who_ask_for_the_same_change_get_the_same_job(needs):
    job = await submitted(needs)
    counting = CountingRepository(needs.repository)
    reader = JobReader(counting)
    found = await asyncio.gather(*(reader.job_at(job.id, 1) for _ in range(50)))
    assert len({id(one) for one in found}) == 1
    assert await reader.job_at(job.id, 1) is found[0]
    assert counting.asked["find_job"] == 1


async def test_a_later_change_is_read_anew(needs):
    job = await submitted(needs)
    reader = JobReader(needs.repository)
    before = await reader.job_at(job.id, 1)
    await needs.repository.cancel(job.id)
    assert (await reader.job_at(job.id, 2)).state != before.state


async def test_one_who_leaves_does_not_take_the_read_away(needs):
    job = await submitted(needs)
    reader = JobReader(needs.repository)
    first, second = (asyncio.create_task(reader.job_at(job.id, 1)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).id == job.id


async def test_a_read_that_failed_is_tried_again(needs):
    class Flaky(CountingRepository):
        async def find_job(self, job_id):
            self.asked["find_job"] += 1
            if self.asked["find_job"] == 1:
                raise DatabaseUnavailable
            return await self.repository.find_job(job_id)

    job = await submitted(needs)
    reader = JobReader(Flaky(needs.repository))
    with pytest.raises(DatabaseUnavailable):
        await reader.job_at(job.id, 1)
    assert (await reader.job_at(job.id, 1)).id == job.id


async def test_few_reads_are_remembered(needs):
    job = await submitted(needs)
    counting = CountingRepository(needs.repository)
    reader = JobReader(counting)
    for seq in range(MOST_KEPT + 2):
        await reader.job_at(job.id, seq)
    await reader.job_at(job.id, 0)
    assert counting.asked["find_job"] == MOST_KEPT + 3
