"""Reads that many watchers need at the same moment, made once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
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
        self._reads: OrderedDict[Hashable, asyncio.Task[Any]] = OrderedDict()
        self._waiting: dict[asyncio.Task[Any], list[asyncio.Future[None]]] = {}

    async def job_at(self, job_id: str, seq: int) -> Job | None:
        """The job as it was when somebody first asked for it at `seq`, or later. None: it is gone."""
        job: Job | None = await self._once((job_id, seq), self.repository.find_job, job_id)
        return job

    async def events_between(self, job_id: str, after: int, until: int) -> tuple[JobEvent, ...]:
        """The durable events above `after` that were there when event `until` was."""
        key = (job_id, after, until)
        events: tuple[JobEvent, ...] = await self._once(key, self.repository.events_after, job_id, after)
        return events

    async def _once(self, key: Hashable, read: Callable[..., Coroutine[Any, Any, Any]], *arguments: Any) -> Any:
        reading = self._reads.get(key) or self._begin(key, read(*arguments))
        if not reading.done():
            # A future for each watcher: one that leaves must not take the read away from the others.
            waiter = asyncio.get_running_loop().create_future()
            self._waiting[reading].append(waiter)
            await waiter
        return reading.result()

    def _begin(self, key: Hashable, reading: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = self._reads[key] = asyncio.create_task(reading)
        self._waiting[task] = []
        task.add_done_callback(lambda done: self._settle(key, done))
        if len(self._reads) > MOST_KEPT:
            self._reads.popitem(last=False)
        return task

    def _settle(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        if (task.cancelled() or task.exception()) and self._reads.get(key) is task:
            del self._reads[key]
        for waiter in self._waiting.pop(task):
            if not waiter.done():
                waiter.set_result(None)
