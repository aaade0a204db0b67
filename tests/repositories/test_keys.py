from datetime import timedelta

from limner.domain.identity import Scope
from tests.repositories.making import new_key, opened


async def test_a_key_reads_back_as_it_was_made(repository):
    key = new_key(repository, scopes=frozenset({Scope.JOBS_READ}), expires_at=repository.now() + timedelta(days=1))
    await repository.add_key(key)
    assert await repository.find_key("k1") == key
    assert await repository.find_key("k2") is None


async def test_keys_are_listed_in_order_of_creation(repository, clock):
    for key_id in ("kb", "ka"):
        await repository.add_key(new_key(repository, key_id))
        clock.pass_(1)
    assert [key.id for key in await repository.list_keys()] == ["kb", "ka"]


async def test_a_key_is_revoked_once(repository):
    await repository.add_key(new_key(repository))
    assert await repository.revoke_key("k1")
    assert (await repository.find_key("k1")).revoked_at is not None
    assert not await repository.revoke_key("k1")
    assert not await repository.revoke_key("unknown")


async def test_every_change_raises_the_version_in_every_process(repository, path):
    async with opened(path) as other:
        versions = [await other.keys_version()]
        await repository.add_key(new_key(repository))
        versions.append(await other.keys_version())
        await repository.revoke_key("k1")
        versions.append(await other.keys_version())
    assert versions == sorted(set(versions))
