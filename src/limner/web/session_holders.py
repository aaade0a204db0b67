"""Callers who are signed in on the page, or have one of our API keys: those of `limner serve`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from limner.contracts.authenticator import Authenticator
from limner.domain.identity import KeyKind, Principal
from limner.web.credentials import has_bearer
from limner.web.key_holders import KeyHolders
from limner.web.same_origin import refuse_cross_site
from limner.web.session_cookie import SESSION, session_of


class SessionHolders:
    """A key that is sent decides alone; a cookie counts only beside none."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator
        self._key_holders = KeyHolders(authenticator)
        self.schemes = (*self._key_holders.schemes, SESSION)

    def security(self) -> list[dict[str, list[str]]]:
        return [*self._key_holders.security(), {SESSION.scheme_name: []}]

    def refuse_query(self, scope: Scope) -> None:
        self._key_holders.refuse_query(scope)

    async def identify(self, request: Request) -> Principal:
        session = None if has_bearer(request.scope) else session_of(request)
        if session is None:
            return await self._key_holders.identify(request)
        refuse_cross_site(request.scope)
        return await self._authenticator.authenticate(session, KeyKind.SESSION)

    async def holds(self, principal: Principal) -> bool:
        return await self._authenticator.holds(principal)
