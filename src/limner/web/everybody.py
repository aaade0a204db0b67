"""No authentication: whoever reaches the server is the one local user. `limner serve` allows it on loopback only."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope as AsgiScope

from limner.actions.create_key import LOCAL_USER
from limner.domain.identity import Principal, Scope

EVERYBODY = Principal(user_id=LOCAL_USER, scopes=frozenset(Scope))


class Everybody:
    schemes = ()

    def security(self) -> list[dict[str, list[str]]]:
        return []

    def refuse_query(self, scope: AsgiScope) -> None:
        """There are no keys to give away."""

    async def identify(self, request: Request) -> Principal:  # noqa: ARG002 - all are one
        return EVERYBODY

    async def holds(self, principal: Principal) -> bool:  # noqa: ARG002 - nothing is ever revoked
        return True
