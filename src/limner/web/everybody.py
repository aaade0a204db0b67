"""No authentication: whoever reaches the server is the one local user. `limner serve` allows it on loopback only.

Pages of other sites reach it, too, through the user's browser: what they would change is refused.
"""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request
from starlette.types import Scope as AsgiScope

from limner.actions.create_key import LOCAL_USER
from limner.domain.identity import Principal, Scope
from limner.web.same_origin import refuse_foreign_page

EVERYBODY = Principal(user_id=LOCAL_USER, scopes=frozenset(Scope))


class Everybody:
    """`origins` are those of other sites whose pages may change things all the same."""

    schemes = ()

    def __init__(self, origins: Collection[str] = ()) -> None:
        self._origins = origins

    def security(self) -> list[dict[str, list[str]]]:
        return []

    def refuse_query(self, scope: AsgiScope) -> None:
        """There are no keys to give away."""

    async def identify(self, request: Request) -> Principal:
        refuse_foreign_page(request.scope, self._origins)
        return EVERYBODY

    async def holds(self, principal: Principal) -> bool:  # noqa: ARG002 - nothing is ever revoked
        return True
