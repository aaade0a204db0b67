import pytest

from limner.domain.errors import NotFound
from limner.storages.memory import MemoryStorage


async def test_two_instances_share_nothing():
    await MemoryStorage("memory://").write("a", b"one")
    with pytest.raises(NotFound):
        await MemoryStorage("memory://").read("a")
