import asyncio
from datetime import timedelta

import pytest

from limner.domain.identity import KeyKind, Scope
from tests.repositories.making import POLICY, new_key, opened

MONTH = timedelta(days=30)


def new_session(repository, key_id="s1", parent=None):
    return new_key(
        repository, key_id, kind=KeyKind.SESSION, parent=parent, name="", expires_at=repository.now() + MONTH
    )


def new_link(repository, key_id="l1"):
    return new_key(repository, key_id, kind=KeyKind.LINK, expires_at=repository.now() + timedelta(minutes=15))


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


async def test_every_change_raises_the_version_in_every_process(repository, place):
    async with opened(place) as other:
        versions = [await other.keys_version()]
        await repository.add_key(new_key(repository))
        versions.append(await other.keys_version())
        await repository.revoke_key("k1")
        versions.append(await other.keys_version())
    assert versions == sorted(set(versions))


async def test_a_session_reads_back_with_the_key_it_came_from(repository):
    await repository.add_key(new_key(repository))
    session = new_session(repository, parent="k1")
    assert await repository.open_session(session)
    assert await repository.find_key("s1") == session


async def test_a_link_opens_one_session_however_many_come_at_once(repository, place):
    await repository.add_key(new_link(repository))
    async with opened(place) as other:
        tries = [
            rows.open_session(new_session(repository, f"s{number}"), link="l1")
            for number, rows in enumerate([repository, other] * 10)
        ]
        assert sorted(await asyncio.gather(*tries)) == [False] * 19 + [True]
    assert [key.kind for key in await repository.list_keys()] == [KeyKind.SESSION]


async def test_a_link_that_expired_opens_nothing(repository, clock):
    await repository.add_key(new_link(repository))
    clock.pass_(15 * 60)
    assert not await repository.open_session(new_session(repository), link="l1")
    assert await repository.find_key("s1") is None


async def test_a_link_that_was_revoked_opens_nothing(repository):
    await repository.add_key(new_link(repository))
    await repository.revoke_key("l1")
    assert not await repository.open_session(new_session(repository), link="l1")


@pytest.mark.parametrize("kind", [KeyKind.KEY, KeyKind.SESSION])
async def test_only_a_link_is_used_as_one(repository, kind):
    await repository.add_key(new_key(repository, kind=kind))
    assert not await repository.open_session(new_session(repository), link="k1")
    assert await repository.find_key("k1")


async def test_no_session_comes_from_a_key_that_was_revoked(repository):
    await repository.add_key(new_key(repository))
    await repository.revoke_key("k1")
    assert not await repository.open_session(new_session(repository, parent="k1"))


async def test_no_session_comes_from_a_key_that_expired(repository, clock):
    await repository.add_key(new_key(repository, expires_at=repository.now() + timedelta(days=1)))
    clock.pass_(86_400)
    assert not await repository.open_session(new_session(repository, parent="k1"))


@pytest.mark.parametrize("kind", [KeyKind.LINK, KeyKind.SESSION])
async def test_no_session_comes_from_anything_but_a_key(repository, kind):
    await repository.add_key(new_key(repository, kind=kind))
    assert not await repository.open_session(new_session(repository, parent="k1"))


async def test_a_revoked_key_takes_its_sessions_along_and_no_others(repository):
    for key_id in ("k1", "k2"):
        await repository.add_key(new_key(repository, key_id))
        await repository.open_session(new_session(repository, f"of-{key_id}", parent=key_id))
    assert await repository.revoke_key("k1")
    assert {key.id for key in await repository.list_keys() if key.revoked_at} == {"k1", "of-k1"}


async def test_a_revoked_session_leaves_its_key_alone(repository):
    await repository.add_key(new_key(repository))
    await repository.open_session(new_session(repository, parent="k1"))
    assert await repository.revoke_key("s1")
    assert (await repository.find_key("k1")).revoked_at is None


async def test_a_deleted_owners_sessions_and_links_open_nothing(repository):
    for key in (new_session(repository), new_link(repository)):
        await repository.add_key(key)
    await repository.delete_owner("ann")
    assert all(key.revoked_at for key in await repository.list_keys())


async def test_expired_sessions_and_links_go_and_keys_stay(repository, clock):
    soon = repository.now() + timedelta(hours=1)
    for key in (new_key(repository, expires_at=soon), new_session(repository), new_link(repository)):
        await repository.add_key(key)
    clock.pass_(3600)
    await repository.expire(policy=POLICY)
    assert {key.id for key in await repository.list_keys()} == {"k1", "s1"}
    clock.pass_(MONTH.total_seconds())
    await repository.expire(policy=POLICY)
    assert {key.id for key in await repository.list_keys()} == {"k1"}
