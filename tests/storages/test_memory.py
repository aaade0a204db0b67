import pytest

from limner.domain.errors import NotFound
from limner.storages.memory import MemoryStorage


async def test_what_was_written_is_read():
    storage = MemoryStorage("memory://")
    await storage.write("a/0/1.png", b"one")
    assert await storage.read("a/0/1.png") == b"one"


async def test_two_instances_share_nothing():
    await MemoryStorage("memory://").write("a", b"one")
    with pytest.raises(NotFound):
        await MemoryStorage("memory://").read("a")


async def test_deleting_what_is_not_there_is_fine():
    await MemoryStorage("memory://").delete("a")


async def test_listing_tells_keys_and_sizes():
    storage = MemoryStorage("memory://")
    await storage.write("a/0/1.png", b"one")
    await storage.write("ab", b"")
    assert [(found.key, found.size) async for found in storage.list("a")] == [("a/0/1.png", 3)]


@pytest.mark.parametrize("key", ["../a", "/a", "a//b"])
async def test_only_keys_are_taken(key):
    with pytest.raises(ValueError, match="storage key"):
        await MemoryStorage("memory://").write(key, b"")
