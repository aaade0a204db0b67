"""Makes a link that signs a browser in, once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from limner.actions.create_key import LOCAL_USER, NewKey, create_key
from limner.contracts.repository import Repository
from limner.domain.identity import USER_SCOPES, KeyKind, Scope

LINK_AGE = timedelta(minutes=15)


async def create_page_link(
    user_id: str = LOCAL_USER, *, scopes: Collection[Scope] = USER_SCOPES, repository: Repository
) -> NewKey:
    """The secret of the link; its address is for who knows where the page is. Raises InvalidRequest."""
    return await create_key(user_id, kind=KeyKind.LINK, scopes=scopes, expires_in=LINK_AGE, repository=repository)
