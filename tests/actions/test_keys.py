from datetime import timedelta

import pytest

from limner.actions.create_key import create_key
from limner.actions.list_keys import list_keys
from limner.actions.revoke_key import revoke_key
from limner.domain.errors import InvalidRequest, NotFound
from limner.domain.identity import USER_SCOPES, Scope
from limner.domain.key_text import parse_key_text
from tests.repositories.making import opened


@pytest.fixture
async def repository(tmp_path):
    async with opened(tmp_path / "limner.db") as repository:
        yield repository


async def test_a_key_is_shown_once_and_kept_as_a_digest(repository, tmp_path):
    made = await create_key("ann", name="laptop", repository=repository)
    text = parse_key_text(made.key)
    kept = await repository.find_key(text.id)
    assert (kept.digest, kept.user_id, kept.name, kept.scopes) == (text.digest, "ann", "laptop", USER_SCOPES)
    assert kept.expires_at is None
    files = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert text.secret.encode() not in files
    assert text.secret not in repr(made)


async def test_a_key_without_a_user_is_the_local_persons(repository):
    assert (await create_key(repository=repository)).record.user_id == "local"


async def test_scopes_and_expiry_are_kept(repository):
    made = await create_key("ann", scopes={Scope.JOBS_READ}, expires_in=timedelta(days=7), repository=repository)
    (kept,) = await list_keys(repository=repository)
    assert kept.scopes == {Scope.JOBS_READ}
    assert kept.expires_at - kept.created_at == timedelta(days=7)
    assert kept.id == made.record.id


@pytest.mark.parametrize(
    ("facts", "pointer"),
    [
        ({"user_id": ""}, "/user_id"),
        ({"user_id": "a\nb"}, "/user_id"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "\x1b[31m"}, "/name"),
        ({"scopes": set()}, "/scopes"),
        ({"expires_in": timedelta(0)}, "/expires_in"),
    ],
)
async def test_keys_that_cannot_be_kept_are_refused(repository, facts, pointer):
    with pytest.raises(InvalidRequest) as refused:
        await create_key(**facts, repository=repository)
    assert [fault.pointer for fault in refused.value.errors] == [pointer]
    assert await list_keys(repository=repository) == ()


async def test_keys_are_listed_oldest_first(repository):
    made = [(await create_key(name=str(number), repository=repository)).record for number in range(3)]
    listed = await list_keys(repository=repository)
    assert {key.id for key in listed} == {key.id for key in made}
    assert [key.created_at for key in listed] == sorted(key.created_at for key in listed)


async def test_a_revoked_key_is_listed_as_such_and_this_process_is_told(repository):
    told = []
    made = await create_key(repository=repository)
    await revoke_key(made.record.id, repository=repository, forget=lambda: told.append(True))
    (kept,) = await list_keys(repository=repository)
    assert kept.revoked_at
    assert told == [True]


async def test_a_key_may_be_revoked_twice(repository):
    made = await create_key(repository=repository)
    await revoke_key(made.record.id, repository=repository)
    (before,) = await list_keys(repository=repository)
    await revoke_key(made.record.id, repository=repository)
    assert await list_keys(repository=repository) == (before,)


async def test_a_key_that_never_was_cannot_be_revoked(repository):
    with pytest.raises(NotFound, match="no such key"):
        await revoke_key("AAAAAAAAAAAA", repository=repository)
