import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions.collect_orphans import collect_orphans
from limner.actions.previews import PreviewBook, find_preview
from limner.domain.errors import StorageUnavailable
from limner.domain.event import PreviewTick, ProgressTick
from limner.domain.identity import new_id
from limner.domain.policy import Policy
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import Gallery

JOB = new_id()


@pytest.fixture
def storage():
    return MemoryStorage()


@pytest.fixture
def book(storage):
    return PreviewBook(storage)


def preview(step=1, job_id=JOB):
    image = b"RIFF....WEBP" + bytes([step])
    return PreviewTick(job_id=job_id, owner="ann", ordinal=1, step=step, image=image, media_type="image/webp")


async def found(storage, job_id=JOB):
    progress = ProgressTick(job_id=job_id, owner="ann", fraction=0.5, step=1)
    return await find_preview(progress, storage=storage)


async def keys_of(storage):
    return [stored.key async for stored in storage.list()]


async def test_the_latest_is_found_as_it_was_noted(book, storage):
    book.note(preview(1))
    await book.save()
    book.note(preview(2))
    book.note(preview(3))
    await book.save()
    assert await found(storage) == preview(3)


async def test_a_job_that_is_over_within_a_round_writes_nothing(book, storage):
    book.note(preview())
    await book.save()
    book.forget(JOB)
    await book.save()
    assert await keys_of(storage) == []


async def test_what_did_not_change_is_not_written_again(book, storage):
    for _ in range(2):
        book.note(preview())
        await book.save()
    await storage.delete(f"{JOB}/preview.json")
    await book.save()
    assert await keys_of(storage) == []


async def shown(book):
    for _ in range(2):
        book.note(preview())
        await book.save()


async def test_it_goes_with_the_job(book, storage):
    await shown(book)
    book.forget(JOB)
    await book.save()
    assert (await keys_of(storage), await found(storage)) == ([], None)


async def test_a_job_that_ends_while_its_preview_is_written_leaves_none(book, storage):
    write, begun = storage.write, asyncio.Event()

    async def write_slowly(key, data):
        begun.set()
        await asyncio.sleep(0.05)
        await write(key, data)

    storage.write = write_slowly
    saving = asyncio.create_task(shown(book))
    await begun.wait()
    book.forget(JOB)
    await saving
    await book.save()
    assert await keys_of(storage) == []


async def test_a_storage_that_is_away_costs_the_preview_only(book, storage):
    storage.write = away
    await shown(book)
    del storage.write
    assert await found(storage) is None
    await shown(book)
    assert await found(storage) == preview()


async def test_what_could_not_be_deleted_is_deleted_later(book, storage):
    await shown(book)
    storage.delete = away
    book.forget(JOB)
    await book.save()
    del storage.delete
    await book.save()
    assert await keys_of(storage) == []


async def away(*given):
    raise StorageUnavailable


async def test_what_a_dead_process_left_is_collected(book, storage):
    await shown(book)
    later = datetime.now(UTC) + timedelta(days=2)
    assert await collect_orphans(repository=Gallery(), storage=storage, policy=Policy(), now=later) == 1
    assert await keys_of(storage) == []
