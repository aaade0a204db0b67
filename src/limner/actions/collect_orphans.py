"""Deletes bytes that no row names: of lost leases, of crashes between writing and keeping, of failed deletes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from limner.contracts.repository import ImageRepository
from limner.contracts.storage import StagingStorage, Storage
from limner.domain.identity import is_id
from limner.domain.policy import Policy

BATCH = 500


async def collect_orphans(*, repository: ImageRepository, storage: Storage, policy: Policy, now: datetime) -> int:
    """How many were deleted: keys of jobs that are older than the policy's age by the storage's dates, that no row names,
    and that none can name any more. What is no job's was not put there by us, and stays.
    """
    before = now - timedelta(seconds=policy.orphan_age)
    collected = 0
    async for keys in _old_keys(storage, before):
        orphans = set(keys) - await repository.known_keys(keys)
        for key in orphans:
            await storage.delete(key)
        collected += len(orphans)
    if isinstance(storage, StagingStorage):
        collected += await storage.clear_staged(before=before)
    return collected


async def _old_keys(storage: Storage, before: datetime) -> AsyncIterator[list[str]]:
    keys: list[str] = []
    async for stored in storage.list():
        if stored.modified_at < before and is_id(stored.key.partition("/")[0]):
            keys.append(stored.key)
        if len(keys) == BATCH:
            yield keys
            keys = []
    if keys:
        yield keys
