"""Removes all that one owner has, for a user who leaves."""

from __future__ import annotations

from limner.actions.delete_job import drop_bytes
from limner.contracts.repository import JobRepository
from limner.contracts.storage import Storage


async def delete_owner(owner: str, *, repository: JobRepository, storage: Storage) -> int:
    """The number of pictures whose bytes went. Jobs that run are cancelled."""
    keys = await repository.delete_owner(owner)
    await drop_bytes(keys, storage=storage)
    return len(keys)
