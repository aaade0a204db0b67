import asyncio
import re
from itertools import count

import pytest

from limner.actions.claim_storage import MARK, claim_storage, mark_storage
from limner.domain.errors import SettingsError
from limner.storages.folder import FolderStorage
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


async def test_what_the_message_says_works_in_a_folder_too(tmp_path):
    rows, folder = Rows(), FolderStorage(tmp_path.as_uri())
    await claim_storage(MemoryStorage(), repository=rows, shared=True)
    await folder.open()
    with pytest.raises(SettingsError) as refusal:
        await claim_storage(folder, repository=rows, shared=True)
    value, name = re.search(r"write (\w+) to .* \(in a folder `(.*)`\)", str(refusal.value)).groups()
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(value)
    await claim_storage(folder, repository=rows, shared=True)
    await folder.close()


async def test_one_machine_may_begin_with_an_empty_folder_again():
    rows, other = Rows(), MemoryStorage()
    await claim_storage(MemoryStorage(), repository=rows, shared=False)
    await claim_storage(other, repository=rows, shared=False)
    assert await other.read(MARK) == b"ours"


async def test_a_storage_that_is_marked_already_is_noted():
    storage, rows = MemoryStorage(), Rows()
    await mark_storage(storage, installation="ours")
    await claim_storage(storage, repository=rows, shared=True)
    with pytest.raises(SettingsError, match="same bucket or shared folder"):
        await claim_storage(MemoryStorage(), repository=rows, shared=True)


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


async def test_the_first_may_have_marked_it_and_taken_its_trace_away_while_we_look():
    storage, rows = MemoryStorage(), Rows()
    rows.first, read = 7, storage.read

    async def the_first_was_faster(key):
        if key.startswith(f"{MARK}-"):
            await storage.write(MARK, b"ours")
        return await read(key)

    storage.read = the_first_was_faster
    await claim_storage(storage, repository=rows, shared=True)


@pytest.mark.parametrize("step", range(1, 11))
async def test_who_dies_at_any_step_locks_nobody_out(step):
    storage, rows, calls = MemoryStorage(), Rows(), count(1)
    with pytest.raises(Killed):
        await claim_storage(Mortal(storage, calls, step), repository=Mortal(rows, calls, step), shared=True)
    await claim_storage(storage, repository=rows, shared=True)
    assert await storage.read(MARK) == b"ours"


class Killed(BaseException): ...


class Mortal:
    """Who calls for the `step`-th time, whatever it is, is killed as it begins."""

    def __init__(self, means, calls, step):
        self._means, self._calls, self._step = means, calls, step

    def __getattr__(self, name):
        if next(self._calls) == self._step:
            raise Killed
        return getattr(self._means, name)


class Interrupted(MemoryStorage):
    """Another installation writes its mark right after ours."""

    async def write(self, key, data):
        await super().write(key, data)
        await super().write(key, b"theirs")
