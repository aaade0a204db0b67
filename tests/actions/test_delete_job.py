import asyncio

import pytest

from limner.actions.delete_job import delete_job, drop_bytes
from limner.domain.errors import JobNotFinished, NotFound
from limner.storages.memory import MemoryStorage
from tests.actions.asking import ANN, BEN, studio, submitted
from tests.repositories.making import claimed, new_image


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


@pytest.fixture
async def storage():
    storage = MemoryStorage("memory://")
    await storage.open()
    yield storage
    await storage.close()


async def finished(needs, storage, owner="ann"):
    """A job with a picture, and its key."""
    job = await submitted(needs, owner=owner)
    (claim,) = await claimed(needs.repository)
    image = new_image(claim)
    await storage.write(image.key, b"bytes")
    await needs.repository.keep_image(claim.lease, image, finish=True)
    return job, image.key


async def keys(storage):
    return [found.key async for found in storage.list()]


async def test_a_finished_job_goes_with_its_bytes(needs, storage):
    job, _ = await finished(needs, storage)
    await delete_job(job.id, ANN, repository=needs.repository, storage=storage)
    assert await needs.repository.find_job(job.id) is None
    assert await keys(storage) == []


async def test_a_job_that_waits_stays(needs, storage):
    job = await submitted(needs)
    with pytest.raises(JobNotFinished, match="Cancel it first"):
        await delete_job(job.id, ANN, repository=needs.repository, storage=storage)
    assert await needs.repository.find_job(job.id)


async def test_nobody_deletes_anothers_job(needs, storage):
    job, key = await finished(needs, storage)
    with pytest.raises(NotFound):
        await delete_job(job.id, BEN, repository=needs.repository, storage=storage)
    assert await keys(storage) == [key]


async def test_many_bytes_are_deleted_some_at_a_time():
    class Busy:
        now = most = gone = 0

        async def delete(self, key):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0)
            self.now, self.gone = self.now - 1, self.gone + 1

    storage = Busy()
    await drop_bytes([str(number) for number in range(100)], storage=storage)
    assert (storage.most, storage.gone) == (32, 100)


async def test_bytes_that_cannot_be_deleted_now_are_left_to_the_collector(needs, storage):
    class Away(MemoryStorage):
        async def delete(self, key):
            raise OSError("away")

    job, _ = await finished(needs, storage)
    await delete_job(job.id, ANN, repository=needs.repository, storage=Away("memory://"))
    assert await needs.repository.find_job(job.id) is None
