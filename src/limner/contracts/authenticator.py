"""Who is asking. The transport half (header, cookie) is the web's."""

from __future__ import annotations

from typing import Protocol

from limner.domain.identity import KeyKind, Principal


class Authenticator(Protocol):
    """`authenticate` raises Unauthenticated with one text for wrong, expired, revoked, and of another kind."""

    async def authenticate(self, token: str, kind: KeyKind = KeyKind.KEY) -> Principal: ...

    async def holds(self, principal: Principal) -> bool:
        """Whether what this principal came with is still valid; asked by open streams and signed links."""
        ...
