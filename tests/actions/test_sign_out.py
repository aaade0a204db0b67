import pytest

from limner.actions.create_key import create_key
from limner.actions.sign_out import sign_out
from limner.authenticators.api_key import ApiKeyAuthenticator
from limner.domain.errors import NotFound
from limner.domain.identity import KeyKind
from tests.repositories.making import opened


async def test_a_session_ends_at_once_in_this_process(tmp_path):
    async with opened(tmp_path / "limner.db") as repository:
        authenticator = ApiKeyAuthenticator(repository)
        made = await create_key(kind=KeyKind.SESSION, repository=repository)
        who = await authenticator.authenticate(made.key, KeyKind.SESSION)
        await sign_out(who, repository=repository, forget=authenticator.forget)
        assert not await authenticator.holds(who)


async def test_who_came_with_a_key_keeps_it(tmp_path):
    async with opened(tmp_path / "limner.db") as repository:
        authenticator = ApiKeyAuthenticator(repository)
        made = await create_key(repository=repository)
        who = await authenticator.authenticate(made.key)
        with pytest.raises(NotFound, match="limner keys revoke"):
            await sign_out(who, repository=repository, forget=authenticator.forget)
        assert await authenticator.holds(who)
