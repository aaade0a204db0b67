"""Long polls: a job is waited for as long as whoever waits may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from limner.actions.wait_job import wait_job
from limner.domain.errors import Unauthenticated
from limner.domain.job import Job
from limner.web.access import Caller

ASK_EVERY = 1.0
"""Seconds after which a long poll asks whether its caller's key still holds, as streams do."""


async def wait_for(caller: Caller, job: Job, *, until: Callable[[Job], bool], seconds: float) -> Job:
    """As wait_job. Raises Unauthenticated as soon as it is seen that what the caller came with no longer holds."""
    waiting = asyncio.create_task(
        wait_job(job, until=until, seconds=seconds, repository=caller.repository, notifier=caller.assembly.notifier)
    )
    try:
        done = False
        while not done:
            done = bool((await asyncio.wait([waiting], timeout=ASK_EVERY))[0])
            if not await caller.holds():
                raise Unauthenticated
        return await waiting
    finally:
        waiting.cancel()
