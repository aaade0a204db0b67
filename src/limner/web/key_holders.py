"""Callers with one of our API keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from limner.contracts.authenticator import Authenticator
from limner.domain.identity import Principal
from limner.web.credentials import KEY, bearer_token, refuse_key_in_query


class KeyHolders:
    schemes = (KEY,)

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def security(self) -> list[dict[str, list[str]]]:
        return [{KEY.scheme_name: []}]

    def refuse_query(self, scope: Scope) -> None:
        refuse_key_in_query(scope)

    async def identify(self, request: Request) -> Principal:
        return await self._authenticator.authenticate(bearer_token(request.scope))

    async def holds(self, principal: Principal) -> bool:
        return await self._authenticator.holds(principal)
