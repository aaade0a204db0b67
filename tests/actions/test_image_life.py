"""The picture actions one after the other, on real rows and real files."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from limner.actions.collect_orphans import collect_orphans
from limner.actions.delete_image import delete_image
from limner.actions.expire import expire
from limner.actions.find_image import find_image
from limner.actions.keep_image import keep_image
from limner.actions.list_images import list_images
from limner.actions.restore_image import restore_image
from limner.codecs.pillow import PillowCodec
from limner.contracts.engine import Painted
from limner.contracts.repository import Requeue
from limner.domain.errors import LeaseLost, NotFound
from limner.domain.job import JobState
from limner.storages.folder import FolderStorage
from tests.actions.gallery import ANN, BEN, Megaphone
from tests.codecs.pictures import encoded
from tests.repositories.making import POLICY, SetClock, opened, running


class Life:
    """One kept picture of Ann's."""

    def __init__(self, repository, storage, clock):
        self.repository, self.storage, self.clock = repository, storage, clock
        self.told = {"repository": repository, "notifier": Megaphone()}

    async def keep(self, held, ordinal=0):
        means = {"repository": self.repository, "storage": self.storage, "codec": PillowCodec()}
        return await keep_image(held, Painted(ordinal=ordinal, image=encoded("png")), finish=True, **means)

    async def image(self):
        (image,) = (await list_images(ANN, repository=self.repository)).items
        return image

    async def keys(self):
        return [stored.key async for stored in self.storage.list()]


@pytest.fixture
async def life(tmp_path):
    clock, storage = SetClock(), FolderStorage(f"file://{tmp_path}/images")
    await storage.open()
    async with opened(tmp_path / "limner.db", clock) as repository:
        life = Life(repository, storage, clock)
        await life.keep(await running(repository))
        yield life
    await storage.close()


async def test_a_kept_picture_is_its_owners_and_nobody_elses(life):
    image = await life.image()
    assert await find_image(image.id, ANN, repository=life.repository) == image
    assert len(await life.storage.read(image.key)) == image.bytes
    with pytest.raises(NotFound):
        await find_image(image.id, BEN, repository=life.repository)


async def test_a_deleted_picture_comes_back_within_its_time(life):
    image = await life.image()
    await delete_image(image.id, ANN, **life.told)
    life.clock.pass_(POLICY.restore_window - 5)
    await restore_image(image.id, ANN, **life.told)
    assert (await life.image()).deleted_at is None
    assert [signal.job_id for signal in life.told["notifier"].heard] == [image.job_id] * 2


async def test_after_its_time_a_deleted_picture_goes_with_its_bytes(life):
    image = await life.image()
    await delete_image(image.id, ANN, **life.told)
    life.clock.pass_(POLICY.restore_window + 5)
    await expire(storage=life.storage, policy=POLICY, **life.told)
    assert await life.keys() == []
    with pytest.raises(NotFound):
        await restore_image(image.id, ANN, **life.told)


async def test_who_lost_the_lease_leaves_an_orphan_and_the_kept_picture_stays(life):
    kept = (await life.image()).key
    held = await running(life.repository)
    stale = replace(held, lease=replace(held.lease, epoch=held.lease.epoch - 1))
    with pytest.raises(LeaseLost):
        await life.keep(stale)
    assert len(await life.keys()) == 2
    await life.repository.finish(held.lease, JobState.FAILED, None, counters=Requeue())
    await collect_orphans(
        repository=life.repository,
        storage=life.storage,
        policy=replace(POLICY, orphan_age=-60.0),
        now=datetime.now(UTC),
    )
    assert await life.keys() == [kept]
