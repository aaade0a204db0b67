from datetime import timedelta

import pytest

from limner.actions.create_key import create_key
from limner.actions.create_page_link import create_page_link
from limner.actions.sign_in import REFUSED, sign_in
from limner.authenticators.api_key import ApiKeyAuthenticator
from limner.domain.errors import Unauthenticated
from limner.domain.identity import KeyKind, Scope
from limner.domain.key_text import new_key_text, parse_key_text
from tests.repositories.making import SetClock, opened

AGE = 30 * 86_400.0


class Gate:
    """Who lets in, on real rows."""

    def __init__(self, repository, clock):
        self.repository, self.clock = repository, clock
        self.authenticator = ApiKeyAuthenticator(repository)

    async def sign_in(self, proof, kind=KeyKind.KEY):
        return await sign_in(proof, kind, authenticator=self.authenticator, repository=self.repository, age=AGE)


@pytest.fixture
async def gate(tmp_path):
    clock = SetClock()
    async with opened(tmp_path / "limner.db", clock) as repository:
        yield Gate(repository, clock)


async def test_a_session_by_key_may_do_what_the_key_may(gate):
    key = await create_key("ann", scopes={Scope.JOBS_READ}, repository=gate.repository)
    made = await gate.sign_in(key.key)
    found = await gate.authenticator.authenticate(made.key, KeyKind.SESSION)
    assert (found.user_id, found.scopes, found.credential) == ("ann", {Scope.JOBS_READ}, made.record.id)
    assert made.record.parent == key.record.id
    assert made.record.expires_at - made.record.created_at == timedelta(seconds=AGE)


async def test_a_session_ends_with_the_key_it_came_from(gate):
    key = await create_key(expires_in=timedelta(days=1), repository=gate.repository)
    assert (await gate.sign_in(key.key)).record.expires_at == key.record.expires_at


async def test_a_key_signs_in_as_often_as_it_is_used(gate):
    key = await create_key(repository=gate.repository)
    assert (await gate.sign_in(key.key)).key != (await gate.sign_in(key.key)).key


async def test_a_session_by_link_outlives_the_link(gate):
    link = await create_page_link("ann", scopes={Scope.JOBS_READ}, repository=gate.repository)
    made = await gate.sign_in(link.key, KeyKind.LINK)
    assert (made.record.user_id, made.record.scopes, made.record.parent) == ("ann", {Scope.JOBS_READ}, None)
    assert made.record.expires_at - made.record.created_at == timedelta(seconds=AGE)


async def test_used_expired_wrong_and_other_proofs_get_one_text(gate):
    used = await create_page_link(repository=gate.repository)
    await gate.sign_in(used.key, KeyKind.LINK)
    expired, key = await create_page_link(repository=gate.repository), await create_key(repository=gate.repository)
    gate.clock.pass_(15 * 60)
    fresh = await create_page_link(repository=gate.repository)
    bad = [(used.key, KeyKind.LINK), (expired.key, KeyKind.LINK), (key.key, KeyKind.LINK), (fresh.key, KeyKind.KEY)]
    bad += [(text, kind) for text in (new_key_text().text(), "", "é") for kind in (KeyKind.KEY, KeyKind.LINK)]
    for proof, kind in bad:
        with pytest.raises(Unauthenticated) as refused:
            await gate.sign_in(proof, kind)
        assert refused.value.detail == REFUSED
    assert "limner page-link" in REFUSED


async def test_a_key_that_was_revoked_a_moment_ago_opens_no_session(gate):
    key = await create_key(repository=gate.repository)
    await gate.authenticator.authenticate(key.key)
    await gate.repository.revoke_key(key.record.id)  # which the authenticator has not heard of yet
    with pytest.raises(Unauthenticated):
        await gate.sign_in(key.key)


async def test_a_session_is_kept_as_a_digest(gate, tmp_path):
    key = await create_key(repository=gate.repository)
    made = await gate.sign_in(key.key)
    secret = parse_key_text(made.key).secret
    assert secret not in repr(made)
    assert secret.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
