"""Ends a session, with its open streams and signed links."""

from __future__ import annotations

from collections.abc import Callable

from limner.actions.revoke_key import revoke_key
from limner.contracts.repository import KeyRepository
from limner.domain.errors import NotFound
from limner.domain.identity import KeyKind, Principal

NO_SESSION = "There is no session to end: you came with a key, and `limner keys revoke` ends it."


async def sign_out(principal: Principal, *, repository: KeyRepository, forget: Callable[[], None]) -> None:
    """Raises NotFound for who came with a key, which lives on."""
    session = await repository.find_key(principal.credential)
    if session is None or session.kind is not KeyKind.SESSION:
        raise NotFound(NO_SESSION)
    await revoke_key(session.id, repository=repository, forget=forget)
