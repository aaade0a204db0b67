"""The API keys that were made, revoked ones included; their texts are not kept."""

from __future__ import annotations

from limner.contracts.repository import KeyRepository
from limner.domain.identity import ApiKey


async def list_keys(*, repository: KeyRepository) -> tuple[ApiKey, ...]:
    """Oldest first."""
    return tuple(sorted(await repository.list_keys(), key=lambda key: (key.created_at, key.id)))
