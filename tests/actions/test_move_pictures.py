import asyncio
import hashlib

import pytest

from limner.actions.move_pictures import Moved, move_pictures
from limner.domain.errors import StorageUnavailable
from limner.domain.identity import new_id
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import NOW, Gallery


class House:
    """An installation with pictures in one storage, and another storage."""

    def __init__(self):
        self.gallery, self.source, self.target = Gallery(), MemoryStorage(), MemoryStorage()

    async def paint(self, data=b"picture", **facts):
        sha256 = hashlib.sha256(data).hexdigest()
        image = self.gallery.add(bytes=len(data), sha256=sha256, key=f"{new_id()}/0/1.png", **facts)
        await self.source.write(image.key, data)
        return image

    async def move(self, **how):
        return await move_pictures(repository=self.gallery, source=self.source, target=self.target, **how)


@pytest.fixture
def house():
    return House()


async def keys_of(storage):
    return {stored.key async for stored in storage.list()}


async def test_every_picture_is_copied_also_one_that_can_still_be_restored(house):
    images = [await house.paint(b"one"), await house.paint(b"two", deleted_at=NOW)]
    assert await house.move() == Moved(copied=2, bytes=6)
    assert [await house.target.read(image.key) for image in images] == [b"one", b"two"]
    assert await keys_of(house.source) == {image.key for image in images}


async def test_more_than_a_page_is_copied(house, monkeypatch):
    monkeypatch.setattr("limner.actions.move_pictures.PAGE", 3)
    images = [await house.paint() for _ in range(10)]
    assert (await house.move()).copied == 10
    assert await keys_of(house.target) == {image.key for image in images}


async def test_what_no_row_names_stays_behind(house):
    image = await house.paint()
    await house.source.write(f"{new_id()}/0/1.png", b"orphan")
    await house.move()
    assert await keys_of(house.target) == {image.key}


async def test_a_second_run_copies_what_came_since(house):
    await house.paint()
    await house.move()
    late = await house.paint(b"late")
    assert await house.move() == Moved(copied=1, bytes=4, there=1)
    assert await house.target.read(late.key) == b"late"


async def test_a_run_that_broke_off_is_taken_up(house):
    images = [await house.paint() for _ in range(20)]
    house.target.write = broken_after(10, house.target.write)
    with pytest.raises(StorageUnavailable):
        await house.move()
    del house.target.write
    moved = await house.move()
    assert (moved.there > 0, moved.there + moved.copied) == (True, 20)
    assert await keys_of(house.target) == {image.key for image in images}


async def test_the_first_failure_stops_the_other_copies(house):
    for _ in range(5):
        await house.paint()
    stopped = []

    async def fail_or_wait(key, data):
        if len(begun) == 4:
            raise StorageUnavailable
        begun.append(key)
        try:
            await asyncio.sleep(60)
        finally:
            stopped.append(key)

    begun = []
    house.target.write = fail_or_wait
    with pytest.raises(StorageUnavailable):
        await house.move()
    assert len(stopped) == 4


def broken_after(count, write):
    written = []

    async def write_some(key, data):
        if len(written) == count:
            raise StorageUnavailable
        written.append(key)
        await write(key, data)

    return write_some


async def test_half_a_picture_at_the_target_is_copied_again(house):
    image = await house.paint(b"whole")
    await house.target.write(image.key, b"wh")
    assert (await house.move()).copied == 1
    assert await house.target.read(image.key) == b"whole"


async def test_a_target_that_changes_bytes_is_found_out(house):
    image = await house.paint(b"picture")
    house.target.write = lambda key, data: MemoryStorage.write(house.target, key, data[::-1])
    with pytest.raises(StorageUnavailable, match="other bytes"):
        await house.move(delete_source=True)
    assert await house.source.read(image.key) == b"picture"


async def test_damaged_and_missing_pictures_are_named_and_the_rest_is_copied(house):
    damaged, missing, well = await house.paint(b"one"), await house.paint(b"two"), await house.paint(b"three")
    await house.source.write(damaged.key, b"eno")
    await house.source.delete(missing.key)
    moved = await house.move(delete_source=True)
    assert (moved.damaged, moved.missing, moved.copied, moved.whole) == ([damaged.key], [missing.key], 1, False)
    assert await keys_of(house.target) == {well.key}
    assert await keys_of(house.source) == {damaged.key}


async def test_a_picture_that_went_meanwhile_is_not_missing(house):
    image = await house.paint()
    await house.source.delete(image.key)
    house.gallery.known_keys = none_of
    assert await house.move() == Moved()


async def none_of(keys):
    return frozenset()


async def test_the_source_is_emptied_only_of_what_the_target_returns(house):
    copied, spoilt = await house.paint(b"one"), await house.paint(b"two")
    await house.move()
    await house.target.write(spoilt.key, b"owt")
    moved = await house.move(delete_source=True)
    assert (moved.deleted, moved.copied, moved.there) == (2, 1, 1)
    assert [await house.target.read(image.key) for image in (copied, spoilt)] == [b"one", b"two"]
    assert await keys_of(house.source) == set()


async def test_emptying_twice_is_no_fault(house):
    await house.paint()
    await house.move(delete_source=True)
    assert await house.move(delete_source=True) == Moved(there=1, deleted=1)


async def test_it_tells_how_far_it_is(house):
    for _ in range(10):
        await house.paint()
    told = []
    await house.move(told=lambda moved: told.append(moved.copied))
    assert told == [8, 10]
