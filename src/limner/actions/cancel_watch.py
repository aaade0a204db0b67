"""Which of the running jobs somebody wants stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from limner.actions.running import Reason, Running
from limner.contracts.notifier import Notifier
from limner.contracts.repository import WorkRepository
from limner.domain.errors import Busy
from limner.domain.event import JobChanged
from limner.domain.job import Lease

LISTEN_AFTER = 0.05
"""A job that ends sooner is not worth an ear of its own."""
LISTEN_SECONDS = 60.0


class CancelWatch:
    """The database tells of all running jobs at once; the notifier, where it hears, tells sooner."""

    def __init__(self, runs: Mapping[Lease, Running], *, repository: WorkRepository, notifier: Notifier) -> None:
        self._runs = runs
        self._repository = repository
        self._notifier = notifier
        self._timers: dict[Lease, asyncio.TimerHandle] = {}
        self._ears: dict[Lease, asyncio.Task[None]] = {}

    def expect(self, run: Running) -> None:
        """Listens for changes of this job that are not the worker's own."""
        self._timers[run.lease] = asyncio.get_running_loop().call_later(LISTEN_AFTER, self._open_ear, run)

    def forget(self, run: Running) -> None:
        self._timers.pop(run.lease).cancel()
        if ear := self._ears.pop(run.lease, None):
            ear.cancel()

    async def check_all(self) -> None:
        """One query for all that runs."""
        await self._check([run.job.id for run in self._runs.values()])

    def interrupt(self, job_ids: Collection[str]) -> None:
        for run in self._runs.values() if job_ids else ():
            if run.job.id in job_ids:
                run.interrupt(Reason.CANCELLED)

    async def _check(self, job_ids: Collection[str]) -> None:
        if job_ids:
            self.interrupt(await self._repository.cancels_among(job_ids))

    def _open_ear(self, run: Running) -> None:
        self._ears[run.lease] = asyncio.create_task(self._listen(run))

    async def _listen(self, run: Running) -> None:
        with self._notifier.subscribe(job_id=run.job.id, previews=False) as ear:
            foreign = True
            while not run.interrupted.done():
                if foreign:
                    await self._ask(run)
                try:
                    signals = await ear.next(LISTEN_SECONDS)
                except StopAsyncIteration:
                    return
                foreign = any(isinstance(signal, JobChanged) and signal.seq > run.seq for signal in signals)

    async def _ask(self, run: Running) -> None:
        try:
            await self._check([run.job.id])
        except Busy:
            return  # the next look at all running jobs tells
