"""Reads that many watchers need at the same moment, made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Hashable
from typing import Any

from limner.contracts.repository import JobRepository
from limner.domain.event import JobEvent
from limner.domain.job import Job

MOST_KEPT = 256


class JobReader:
    """Shared by all watchers of an installation. A read belongs to the change that caused it, so it began after
    that change was committed, and whoever hears of the same change gets the same value.
    """

    def __init__(self, repository: JobRepository) -> None:
        self.repository = repository
        self._reads: OrderedDict[Hashable, asyncio.Future[Any]] = OrderedDict()

    async def job_at(self, job_id: str, seq: int) -> Job | None:
        """The job as it was when somebody first asked for it at `seq`, or later. None: it is gone."""
        key = (job_id, seq)
        job: Job | None = await (self._under_way(key) or self._read(key, self.repository.find_job(job_id)))
        return job

    async def events_between(self, job_id: str, after: int, until: int) -> tuple[JobEvent, ...]:
        """The durable events above `after` that were there when event `until` was."""
        key = (job_id, after, until)
        events: tuple[JobEvent, ...] = await (
            self._under_way(key) or self._read(key, self.repository.events_after(job_id, after))
        )
        return events

    def _under_way(self, key: Hashable) -> Awaitable[Any] | None:
        read = self._reads.get(key)
        return asyncio.shield(read) if read else None

    def _read(self, key: Hashable, reading: Awaitable[Any]) -> Awaitable[Any]:
        """Shielded: a watcher that leaves must not take the read away from the others."""
        read = self._reads[key] = asyncio.ensure_future(reading)
        read.add_done_callback(lambda done: self._forget_failure(key, done))
        if len(self._reads) > MOST_KEPT:
            self._reads.popitem(last=False)
        return asyncio.shield(read)

    def _forget_failure(self, key: Hashable, read: asyncio.Future[Any]) -> None:
        if (read.cancelled() or read.exception()) and self._reads.get(key) is read:
            del self._reads[key]
