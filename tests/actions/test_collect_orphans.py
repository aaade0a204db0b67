import os
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions import collect_orphans as module
from limner.actions.collect_orphans import collect_orphans
from limner.domain.policy import Policy
from limner.storages.folder import FolderStorage
from tests.actions.gallery import Gallery

LATER = datetime.now(UTC) + timedelta(days=2)


@pytest.fixture
async def storage(tmp_path):
    storage = FolderStorage(f"file://{tmp_path}")
    await storage.open()
    yield storage
    await storage.close()


async def collected(gallery, storage, now=LATER):
    return await collect_orphans(repository=gallery, storage=storage, policy=Policy(), now=now)


async def keys_of(storage):
    return sorted([found.key async for found in storage.list()])


async def test_old_bytes_without_a_row_go_and_those_with_a_row_stay(storage):
    gallery = Gallery()
    gallery.add(key="kept/0/1.png")
    gallery.add(key="hidden/0/1.png", deleted_at=LATER)
    for key in ("kept/0/1.png", "hidden/0/1.png", "kept/0/2.png", "lost/0/1.png"):
        await storage.write(key, b"x")
    assert await collected(gallery, storage) == 2
    assert await keys_of(storage) == ["hidden/0/1.png", "kept/0/1.png"]


async def test_young_bytes_stay_because_a_row_may_be_about_to_name_them(storage):
    await storage.write("new/0/1.png", b"x")
    assert await collected(Gallery(), storage, now=datetime.now(UTC) + timedelta(hours=23)) == 0
    assert await keys_of(storage) == ["new/0/1.png"]


async def test_more_than_a_batch_is_collected(storage, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    for n in range(10):
        await storage.write(f"lost-{n}/0/1.png", b"x")
    assert await collected(Gallery(), storage) == 10
    assert await keys_of(storage) == []


async def test_what_a_killed_write_left_is_collected_too(storage):
    await storage.write("job/0/1.png", b"x")
    staged = storage.local_path("job/0/1.png").with_name(".job,0,2.png.12345678")
    staged.write_bytes(b"half")
    os.utime(staged, (0, 0))
    await collected(Gallery(), storage, now=datetime.now(UTC))
    assert not staged.exists()
    assert await keys_of(storage) == ["job/0/1.png"]
