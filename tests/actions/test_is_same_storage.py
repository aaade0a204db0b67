from limner.actions.is_same_storage import is_same_storage
from limner.storages.folder import FolderStorage
from limner.storages.memory import MemoryStorage


async def test_two_places_are_told_apart_and_keep_no_trace():
    one, other = MemoryStorage(), MemoryStorage()
    assert not await is_same_storage(one, other)
    assert [stored async for stored in one.list()] == []


async def test_one_place_under_two_names_is_found_out(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "place")
    one, other = (FolderStorage((tmp_path / name).as_uri()) for name in ("place", "link"))
    await one.open()
    await other.open()
    assert await is_same_storage(one, other)
    await one.close()
    await other.close()
