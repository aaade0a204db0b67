import pytest

from limner.actions.claim_storage import MARK, claim_storage, mark_storage
from limner.domain.errors import SettingsError
from limner.storages.memory import MemoryStorage


class Rows:
    """What an installation's rows say of its storage."""

    def __init__(self):
        self.noted = False

    async def installation(self):
        return "ours"

    async def has_storage(self):
        return self.noted

    async def note_storage(self):
        self.noted = True


async def test_whoever_comes_first_may_come_again():
    storage, rows = MemoryStorage(), Rows()
    await claim_storage(storage, repository=rows, shared=True)
    await claim_storage(storage, repository=rows, shared=True)
    assert await storage.read(MARK) == b"ours"
    assert rows.noted


async def test_another_installations_is_refused_and_keeps_its_mark():
    storage = MemoryStorage()
    await mark_storage(storage, installation="theirs")
    with pytest.raises(SettingsError, match="prefix or folder of its own"):
        await claim_storage(storage, repository=Rows(), shared=True)
    with pytest.raises(SettingsError, match="prefix or folder of its own"):
        await mark_storage(storage, installation="ours")
    assert await storage.read(MARK) == b"theirs"


async def test_a_folder_of_its_own_is_refused_to_a_machine_of_a_fleet():
    rows, other = Rows(), MemoryStorage()
    await claim_storage(MemoryStorage(), repository=rows, shared=True)
    with pytest.raises(SettingsError, match="same bucket or shared folder"):
        await claim_storage(other, repository=rows, shared=True)
    await other.write(MARK, b"ours")  # as the message says
    await claim_storage(other, repository=rows, shared=True)


async def test_one_machine_may_begin_with_an_empty_folder_again():
    rows, other = Rows(), MemoryStorage()
    await claim_storage(MemoryStorage(), repository=rows, shared=False)
    await claim_storage(other, repository=rows, shared=False)
    assert await other.read(MARK) == b"ours"


async def test_of_two_that_come_at_once_only_one_goes_on():
    storage = Interrupted()
    with pytest.raises(SettingsError):
        await claim_storage(storage, repository=Rows(), shared=True)


async def test_two_processes_of_one_installation_may_come_at_once():
    """The other marks it between our look and our question whether there is one."""
    storage, rows = MemoryStorage(), Rows()

    async def the_other_was_faster():
        await storage.write(MARK, b"ours")
        return True

    rows.has_storage = the_other_was_faster
    await claim_storage(storage, repository=rows, shared=True)


class Interrupted(MemoryStorage):
    """Another installation writes its mark right after ours."""

    async def write(self, key, data):
        await super().write(key, data)
        await super().write(key, b"theirs")
