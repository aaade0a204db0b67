import asyncio

import pytest

from limner.actions.claim_storage import MARK, claim_storage, mark_storage
from limner.domain.errors import SettingsError
from limner.storages.memory import MemoryStorage


class Rows:
    """What an installation's rows say of its storage."""

    def __init__(self):
        self.first = None

    async def installation(self):
        return "ours"

    async def first_storage(self):
        return self.first

    async def note_first_storage(self, number):
        if self.first is None:
            self.first = number
        return self.first


async def test_whoever_comes_first_may_come_again():
    storage, rows = MemoryStorage(), Rows()
    await claim_storage(storage, repository=rows, shared=True)
    await claim_storage(storage, repository=rows, shared=True)
    assert await storage.read(MARK) == b"ours"
    assert rows.first is not None
    assert [stored.key async for stored in storage.list()] == [MARK]


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


class AtOnce(Rows):
    """All have looked whether there is a storage before anybody notes one."""

    def __init__(self, processes):
        super().__init__()
        self.barrier = asyncio.Barrier(processes)

    async def first_storage(self):
        found = self.first
        await self.barrier.wait()
        return found


async def test_of_two_machines_with_a_folder_each_that_come_at_once_only_one_goes_on():
    rows, folders = AtOnce(2), (MemoryStorage(), MemoryStorage())
    claims = [claim_storage(folder, repository=rows, shared=True) for folder in folders]
    refused = [isinstance(end, SettingsError) for end in await asyncio.gather(*claims, return_exceptions=True)]
    assert sorted(refused) == [False, True]
    for folder, is_refused in zip(folders, refused, strict=True):
        assert [stored.key async for stored in folder.list()] == ([] if is_refused else [MARK])


async def test_processes_of_one_installation_may_come_at_once():
    rows, storage = AtOnce(3), MemoryStorage()
    await asyncio.gather(*(claim_storage(storage, repository=rows, shared=True) for _ in range(3)))
    assert [stored.key async for stored in storage.list()] == [MARK]


async def test_another_process_may_mark_it_while_we_look():
    storage, rows = MemoryStorage(), Rows()

    async def the_other_was_faster():
        await storage.write(MARK, b"ours")
        return 1

    rows.first_storage = the_other_was_faster
    await claim_storage(storage, repository=rows, shared=True)


async def test_who_dies_between_the_note_and_the_mark_locks_nobody_out():
    storage, rows = Mortal(), Rows()
    with pytest.raises(OSError, match="killed"):
        await claim_storage(storage, repository=rows, shared=True)
    assert rows.first is not None
    await claim_storage(storage, repository=rows, shared=True)
    assert [stored.key async for stored in storage.list()] == [MARK]


class Mortal(MemoryStorage):
    """Whoever writes the mark for the first time dies before that."""

    died = False

    async def write(self, key, data):
        if key == MARK and not self.died:
            self.died = True
            raise OSError("killed")
        await super().write(key, data)


class Interrupted(MemoryStorage):
    """Another installation writes its mark right after ours."""

    async def write(self, key, data):
        await super().write(key, data)
        await super().write(key, b"theirs")
