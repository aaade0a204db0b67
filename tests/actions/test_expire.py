from limner.actions.expire import expire
from limner.domain.policy import Policy
from limner.storages.memory import MemoryStorage
from tests.actions.gallery import Gallery, Megaphone


async def expired(storage, *keys):
    gallery, megaphone = Gallery(), Megaphone()
    gallery.expired_keys = keys
    await expire(repository=gallery, storage=storage, notifier=megaphone, policy=Policy())
    return megaphone.heard


async def test_bytes_of_expired_pictures_go_in_batches_and_others_stay():
    storage = MemoryStorage()
    for key in ("a/0/1.png", "b/0/1.png", "c/0/1.png"):
        await storage.write(key, b"x")
    await expired(storage, "a/0/1.png", "gone/0/1.png", "c/0/1.png")
    assert [found.key async for found in storage.list()] == ["b/0/1.png"]


async def test_watchers_hear_what_expired():
    assert [change.job_id for change in await expired(MemoryStorage())] == ["job"]
