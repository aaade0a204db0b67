import asyncio
from datetime import timedelta

import pytest

from limner.actions.create_key import create_key
from limner.actions.revoke_key import revoke_key
from limner.authenticators.api_key import ApiKeyAuthenticator
from limner.domain.errors import Unauthenticated
from limner.domain.identity import KeyKind, Principal, Scope
from limner.domain.key_text import KeyText, new_key_text
from tests.repositories.making import SetClock, opened


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
async def repository(tmp_path, clock):
    async with opened(tmp_path / "limner.db", clock) as repository:
        yield repository


@pytest.fixture
def authenticator(repository):
    return ApiKeyAuthenticator(repository)


class Counting:
    """A repository that counts what it is asked."""

    def __init__(self, repository):
        self.repository = repository
        self.asked = []

    def __getattr__(self, name):
        self.asked.append(name)
        return getattr(self.repository, name)


async def refusal(authenticator, token):
    with pytest.raises(Unauthenticated) as refused:
        await authenticator.authenticate(token)
    return refused.value.detail


async def test_a_key_names_its_user_scopes_and_expiry(authenticator, repository):
    made = await create_key("ann", scopes={Scope.JOBS_READ}, expires_in=timedelta(days=1), repository=repository)
    found = await authenticator.authenticate(made.key)
    assert found == Principal(
        user_id="ann",
        scopes=frozenset({Scope.JOBS_READ}),
        credential=made.record.id,
        expires_at=(await repository.find_key(made.record.id)).expires_at,
    )
    assert await authenticator.holds(found)


async def test_wrong_unknown_expired_revoked_and_truncated_keys_get_one_text(authenticator, repository, clock):
    made = await create_key(repository=repository)
    expired = await create_key(expires_in=timedelta(days=1), repository=repository)
    revoked = await create_key(repository=repository)
    await revoke_key(revoked.record.id, repository=repository)
    clock.pass_(86_401)
    wrong_secret = KeyText(made.record.id, new_key_text().secret).text()
    bad = [expired.key, revoked.key, wrong_secret, new_key_text().text(), made.key[:-1], "", "é", "x" * 9999]
    assert {await refusal(authenticator, token) for token in bad} == {Unauthenticated().detail}
    assert await authenticator.authenticate(made.key)


@pytest.mark.parametrize("kind", KeyKind)
async def test_each_kind_opens_only_where_it_is_asked_for(authenticator, repository, kind):
    made = await create_key("ann", kind=kind, repository=repository)
    assert (await authenticator.authenticate(made.key, kind)).user_id == "ann"
    for other in set(KeyKind) - {kind}:
        with pytest.raises(Unauthenticated) as refused:
            await authenticator.authenticate(made.key, other)
        assert refused.value.detail == Unauthenticated().detail


async def test_a_mistyped_key_does_not_reach_the_database(repository):
    counting = Counting(repository)
    good = new_key_text().text()
    await refusal(ApiKeyAuthenticator(counting), good[:-1] + ("A" if good[-1] != "A" else "B"))
    assert counting.asked == []


async def test_a_known_key_is_read_once(repository):
    counting = Counting(repository)
    authenticator = ApiKeyAuthenticator(counting)
    made = await create_key(repository=repository)
    for _ in range(50):
        await authenticator.authenticate(made.key)
    assert counting.asked.count("find_key") == 1
    assert counting.asked.count("keys_version") < 5


async def test_a_revocation_in_this_process_holds_at_once(authenticator, repository):
    made = await create_key(repository=repository)
    found = await authenticator.authenticate(made.key)
    await revoke_key(made.record.id, repository=repository, forget=authenticator.forget)
    await refusal(authenticator, made.key)
    assert not await authenticator.holds(found)


async def test_a_revocation_in_another_process_holds_soon(authenticator, repository, tmp_path):
    made = await create_key(repository=repository)
    found = await authenticator.authenticate(made.key)
    async with opened(tmp_path / "limner.db") as other:
        await revoke_key(made.record.id, repository=other)
    await asyncio.sleep(0.15)
    await refusal(authenticator, made.key)
    assert not await authenticator.holds(found)


async def test_an_expired_key_holds_no_longer_although_it_is_remembered(authenticator, repository, clock):
    made = await create_key(expires_in=timedelta(days=1), repository=repository)
    found = await authenticator.authenticate(made.key)
    clock.pass_(86_401)
    assert not await authenticator.holds(found)
    await refusal(authenticator, made.key)


async def test_a_key_read_while_it_was_revoked_is_not_remembered(repository):
    class Slow(Counting):
        async def find_key(self, key_id):
            key = await self.repository.find_key(key_id)
            if key is not None and key.revoked_at is None:
                await revoke_key(key_id, repository=self.repository, forget=authenticator.forget)
                await authenticator.holds(Principal(user_id="x", credential="nobody"))
            return key

    made = await create_key(repository=repository)
    authenticator = ApiKeyAuthenticator(Slow(repository))
    await authenticator.authenticate(made.key)
    await refusal(authenticator, made.key)


async def test_a_principal_of_somebody_else_does_not_hold_by_this_key(authenticator, repository):
    made = await create_key("ann", repository=repository)
    assert not await authenticator.holds(Principal(user_id="ben", credential=made.record.id))
    assert not await authenticator.holds(Principal(user_id="ann"))


async def test_many_requests_share_one_look_at_the_version(repository):
    counting = Counting(repository)
    authenticator = ApiKeyAuthenticator(counting)
    made = await create_key(repository=repository)
    await asyncio.gather(*(authenticator.authenticate(made.key) for _ in range(100)))
    assert counting.asked.count("keys_version") == 1


async def test_a_request_that_is_dropped_does_not_drop_the_others(repository):
    authenticator = ApiKeyAuthenticator(repository)
    made = await create_key(repository=repository)
    first, second = (asyncio.create_task(authenticator.authenticate(made.key)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).credential == made.record.id
