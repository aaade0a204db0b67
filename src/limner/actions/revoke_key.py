"""Ends an API key, with its open streams and signed links."""

from __future__ import annotations

from collections.abc import Callable

from limner.contracts.repository import KeyRepository
from limner.domain.errors import NotFound


async def revoke_key(key_id: str, *, repository: KeyRepository, forget: Callable[[], None] = lambda: None) -> None:
    """`forget` tells this process's authenticator; others notice by themselves. Revoking twice is no fault. Raises NotFound."""
    revoked = await repository.revoke_key(key_id)
    forget()
    if not revoked and await repository.find_key(key_id) is None:
        raise NotFound("There is no such key.")
