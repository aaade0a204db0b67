"""Waits for a job, for requests that would rather be answered late than ask again."""

from __future__ import annotations

import time
from collections.abc import Callable

from limner.contracts.notifier import Notifier, Subscription
from limner.contracts.repository import JobRepository
from limner.domain.event import JobChanged
from limner.domain.job import Job

LOOK_EVERY = 2.0
"""Signals are best effort: the row is read at least this often, in seconds."""


async def wait_job(
    job: Job, *, until: Callable[[Job], bool], seconds: float, repository: JobRepository, notifier: Notifier
) -> Job:
    """The job as soon as `until` holds for it, or as it is after `seconds`, when it is deleted, or when we stop."""
    deadline = time.monotonic() + seconds
    with notifier.subscribe(job_id=job.id, previews=False) as subscription:
        while True:
            found = await repository.find_job(job.id)
            if found is None:
                return job
            job = found
            left = deadline - time.monotonic()
            if until(job) or left <= 0 or not await _next_change(subscription, min(left, LOOK_EVERY)):
                return job


async def _next_change(subscription: Subscription, seconds: float) -> bool:
    """Waits for a durable change, `seconds` at most; False once the notifier is closed."""
    until = time.monotonic() + seconds
    try:
        while (left := until - time.monotonic()) > 0:
            if any(isinstance(signal, JobChanged) for signal in await subscription.next(left)):
                break
    except StopAsyncIteration:
        return False
    return True
