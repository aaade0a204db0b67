"""Removes a finished job with its pictures."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from limner.actions.find_job import find_job
from limner.contracts.repository import JobRepository
from limner.contracts.storage import Storage
from limner.domain.errors import JobNotFinished
from limner.domain.identity import Principal

AT_ONCE = 32
"""Deletions under way together: an owner may leave a hundred thousand, and others need the threads, too."""


async def delete_job(job_id: str, principal: Principal, *, repository: JobRepository, storage: Storage) -> None:
    """Raises NotFound, and JobNotFinished while it waits or runs."""
    await find_job(job_id, principal, repository=repository)
    keys = await repository.delete_job(job_id)
    if keys is None:
        raise JobNotFinished
    await drop_bytes(keys, storage=storage)


async def drop_bytes(keys: Sequence[str], *, storage: Storage) -> None:
    """Deletes what no row names any more. What cannot be deleted now is an orphan, and collected later."""
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        await asyncio.gather(*(storage.delete(key) for key in some), return_exceptions=True)
