import pytest

from limner.actions.claim_storage import MARK, claim_storage
from limner.domain.errors import SettingsError
from limner.storages.memory import MemoryStorage


async def test_whoever_comes_first_may_come_again():
    storage = MemoryStorage()
    await claim_storage(storage, installation="ours")
    await claim_storage(storage, installation="ours")
    assert await storage.read(MARK) == b"ours"


async def test_another_installation_is_refused_and_leaves_the_mark():
    storage = MemoryStorage()
    await claim_storage(storage, installation="ours")
    with pytest.raises(SettingsError, match="prefix or folder of its own"):
        await claim_storage(storage, installation="theirs")
    assert await storage.read(MARK) == b"ours"


async def test_of_two_that_come_at_once_only_one_goes_on():
    storage = Interrupted()
    with pytest.raises(SettingsError):
        await claim_storage(storage, installation="ours")


class Interrupted(MemoryStorage):
    """Another installation writes its mark right after ours."""

    async def write(self, key, data):
        await super().write(key, data)
        await super().write(key, b"theirs")
