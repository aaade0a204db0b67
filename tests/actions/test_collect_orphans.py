import asyncio
import os
from datetime import UTC, datetime, timedelta

import pytest

from limner.actions import collect_orphans as module
from limner.actions.collect_orphans import collect_orphans
from limner.actions.keep_image import keep_image
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Painted
from limner.domain.identity import new_id
from limner.domain.policy import Policy
from limner.plugins import storage_from_url
from limner.storages.folder import FolderStorage
from tests.actions.gallery import Gallery
from tests.codecs.pictures import encoded
from tests.repositories.making import opened, running

A, B, C = new_id(), new_id(), new_id()
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
    gallery.add(key=f"{A}/0/1.png")
    gallery.add(key=f"{B}/0/1.png", deleted_at=LATER)
    for key in (f"{A}/0/1.png", f"{B}/0/1.png", f"{A}/0/2.png", f"{C}/0/1.png"):
        await storage.write(key, b"x")
    assert await collected(gallery, storage) == 2
    assert await keys_of(storage) == sorted([f"{A}/0/1.png", f"{B}/0/1.png"])


async def test_young_bytes_stay_because_a_row_may_be_about_to_name_them(storage):
    await storage.write("new/0/1.png", b"x")
    assert await collected(Gallery(), storage, now=datetime.now(UTC) + timedelta(hours=23)) == 0
    assert await keys_of(storage) == ["new/0/1.png"]


async def test_what_is_not_a_jobs_stays_because_we_did_not_put_it_there(storage):
    for key in ("report.pdf", "photos/2019/cat.png", f"{A}x/0/1.png"):
        await storage.write(key, b"x")
    assert await collected(Gallery(), storage) == 0


async def test_more_than_a_batch_is_collected(storage, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    for n in range(10):
        await storage.write(f"{new_id()}/{n}/1.png", b"x")
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


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else tmp_path / "limner.db"


async def test_collectors_of_two_machines_never_delete_what_is_being_kept_on_either(place, bucket_url):
    """Age protects nothing here: all is older than minus one minute. Others lost their leases after they had written."""
    storage = storage_from_url(bucket_url)
    await storage.open()
    async with opened(place) as here, opened(place) as there:
        collecting = [asyncio.create_task(collect_for_ever(repository, storage)) for repository in (here, there)]
        await asyncio.gather(
            *(paint(engine, repository, storage) for engine, repository in {"one": here, "other": there}.items())
        )
        for task in collecting:
            task.cancel()
        await asyncio.wait(collecting)
        kept = await here.named_bytes(after="", limit=100)
        assert [len(await storage.read(named.key)) for named in kept] == [named.size for named in kept]
        assert len(kept) == 20
        await collect(here, storage)
        assert await keys_of(storage) == [named.key for named in kept]
    await storage.close()


async def paint(engine, repository, storage):
    """Ten pictures, each beside what a lost lease has left."""
    means = {"repository": repository, "storage": storage, "codec": PillowCodec()}
    painted = Painted(ordinal=0, image=encoded("png"))
    for _ in range(10):
        claim = await running(repository, owner=engine, route=(engine,))
        await storage.write(f"{claim.job.id}/0/0.png", b"of a lost lease")
        await keep_image(claim, painted, finish=True, **means)


async def collect(repository, storage):
    await collect_orphans(
        repository=repository, storage=storage, policy=Policy(orphan_age=-60.0), now=datetime.now(UTC)
    )


async def collect_for_ever(repository, storage):
    while True:
        await collect(repository, storage)
