from limner.actions.delete_owner import delete_owner
from limner.storages.memory import MemoryStorage
from tests.actions.asking import studio, submitted
from tests.actions.workshop import Scripted, eventually, hangs, workshop
from tests.repositories.making import claimed, new_image


async def painted(needs, storage, owner):
    """The key of a picture of the owner's."""
    await submitted(needs, owner=owner)
    (claim,) = await claimed(needs.repository)
    image = new_image(claim)
    await storage.write(image.key, b"bytes")
    await needs.repository.keep_image(claim.lease, image, finish=True)
    return image.key


async def test_an_owner_goes_with_everything_and_nobody_else_does(tmp_path):
    storage = MemoryStorage("memory://")
    await storage.open()
    async with studio(tmp_path / "limner.db") as needs:
        await painted(needs, storage, "ann")
        bens = await painted(needs, storage, "ben")
        queued, kept = await submitted(needs, owner="ann"), await submitted(needs, owner="ben")
        assert await delete_owner("ann", repository=needs.repository, storage=storage) == 1
        assert await needs.repository.find_job(queued.id) is None
        assert await needs.repository.find_job(kept.id)
        assert [found.key async for found in storage.list()] == [bens]
    await storage.close()


async def test_a_running_paint_of_a_deleted_owner_is_stopped_long_before_its_next_heartbeat(tmp_path):
    fox = Scripted(hangs)
    async with workshop(tmp_path, policy={"lease": 600.0}, fox=fox) as shop:
        await shop.submit(owner="ann")
        await eventually(lambda: fox.tasks)
        await delete_owner("ann", repository=shop.rows, storage=shop.storage)
        await eventually(lambda: fox.closed)
