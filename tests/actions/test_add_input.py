import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from limner.actions.add_input import add_input
from limner.actions.delete_input import delete_input
from limner.actions.find_input import find_input
from limner.domain.errors import InvalidRequest, NotFound, StorageFull, StorageUnavailable, TooManyInputs
from limner.domain.identity import new_id
from limner.domain.policy import DAY, Policy
from tests.actions.asking import ANN, BEN
from tests.actions.uploads import darkroom
from tests.codecs.pictures import CANARY, encoded, with_foreign_metadata


@pytest.fixture
async def room(tmp_path):
    async with darkroom(tmp_path) as room:
        yield room


async def refused(data, needs, owner="ann"):
    with pytest.raises(InvalidRequest) as raised:
        await add_input(data, owner, needs=needs)
    (fault,) = raised.value.errors
    return fault


async def test_an_upload_is_kept_and_named_by_a_row(room):
    new = await add_input(with_foreign_metadata("jpeg"), "ann", needs=room.input)
    data = await room.storage.read(new.key)
    assert CANARY.encode() not in data
    assert (new.bytes, new.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert await room.keys() == [new.key]
    assert await room.repository.find_input(new.id) == new


async def test_it_lives_as_long_as_the_limit_says(room):
    new = await room.upload()
    assert new.expires_at - new.created_at == timedelta(seconds=DAY)


async def test_what_is_no_picture_is_told_and_not_kept(room):
    fault = await refused(b"GIF89a", room.input)
    assert (fault.pointer, fault.code, fault.detail) == ("", "bad_image", "The picture is not PNG, JPEG or WebP.")
    assert await room.keys() == []


async def test_too_many_bytes_or_pixels_are_told_with_the_limit(room):
    data = encoded("png")
    few = replace(room.input, policy=Policy(input_bytes=len(data) - 1))
    small = replace(room.input, policy=Policy(input_pixels=96 * 64 - 1))
    assert (await refused(data, few)).limits == {"maximum": len(data) - 1}
    assert (await refused(data, small)).limits == {"maximum": 96 * 64 - 1}


async def test_an_owner_must_be_one(room):
    assert (await refused(encoded("png"), room.input, owner="")).pointer == "/owner"


async def test_nothing_is_taken_while_the_disk_is_nearly_full(room):
    with pytest.raises(StorageFull):
        await add_input(encoded("png"), "ann", needs=replace(room.input, free_space=lambda: 0))
    assert await room.keys() == []


async def test_bytes_beyond_the_quota_do_not_stay(room):
    with pytest.raises(TooManyInputs):
        await add_input(encoded("png"), "ann", needs=replace(room.input, policy=Policy(input_quota=1)))
    assert await room.keys() == []


async def test_no_row_says_what_was_not_written(room, monkeypatch):
    async def fail(key, data):
        raise StorageUnavailable

    monkeypatch.setattr(room.storage, "write", fail)
    with pytest.raises(StorageUnavailable):
        await room.upload()
    monkeypatch.undo()
    assert (await room.repository.delete_owner("ann")) == ()


async def test_an_upload_is_its_owners_alone(room):
    new = await room.upload()
    assert await find_input(new.id, ANN, repository=room.repository) == new
    for principal, input_id in ((BEN, new.id), (ANN, new_id()), (ANN, "x"), (ANN, "'; --")):
        with pytest.raises(NotFound, match="There is no such input"):
            await find_input(input_id, principal, repository=room.repository)


async def test_only_the_owner_deletes_an_upload_and_its_bytes(room):
    new = await room.upload()
    with pytest.raises(NotFound):
        await delete_input(new.id, BEN, repository=room.repository, storage=room.storage)
    assert await room.keys() == [new.key]
    await delete_input(new.id, ANN, repository=room.repository, storage=room.storage)
    assert await room.keys() == []
