"""Tells on_finished hooks of jobs that ended: at least once, the same job every time, and never in a job's way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from limner.actions.hook_threads import HookThreads
from limner.actions.patience import Patience, jittered
from limner.actions.quiet_trace import log_fault
from limner.contracts.observer import Observer
from limner.contracts.repository import OutboxEntry, Repository
from limner.domain.job import Job

logger = logging.getLogger("limner.hooks")

OnFinished = Callable[[Job], Awaitable[None] | None]
"""Hears a job that has ended. A repeat is told by the job's id. Plain functions run in a thread."""

FIRST_DELAY = 1.0
LONGEST_DELAY = 600.0
HOOK_SECONDS = 60.0
HOLD_SPARE = 30.0
"""Beyond what an entry's hooks may take one after the other: other processes leave it for so long."""
AT_ONCE = 32
"""Jobs that hooks may be hearing of at the same time: a slow hook does not keep the others waiting."""
MOST_HEARD = 10_000
"""Half-told jobs whose hooks are remembered. A forgotten one is told again to all; another process may have finished it."""


class Deliverer:
    """`wake` it when a job has ended. Without hooks it leaves the outbox to processes that have some."""

    def __init__(self, hooks: Sequence[OnFinished], *, repository: Repository, observer: Observer) -> None:
        self._hooks = hooks
        self._repository = repository
        self._observer = observer
        self._threads = HookThreads()
        self._woken = asyncio.Event()
        self._heard: dict[str, set[int]] = {}
        self._deliveries: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Something may be due."""
        if self._hooks:
            self._woken.set()

    async def start(self) -> None:
        self._woken = asyncio.Event()
        self.wake()
        self._loop = asyncio.create_task(self._deliver_on())

    async def stop(self) -> None:
        """Deliveries that are under way are broken off and told again later."""
        tasks = [*self._deliveries, *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._loop = None

    async def _deliver_on(self) -> None:
        patience = Patience("telling hooks")
        while True:
            await self._woken.wait()
            self._woken.clear()
            try:
                await self._take_due()
            except Exception as error:  # noqa: BLE001 - the loop outlives everything
                await asyncio.sleep(patience.failed(error))
                self._woken.set()
            else:
                patience.worked()

    async def _take_due(self) -> None:
        room = AT_ONCE - len(self._deliveries)
        if room <= 0:
            return
        hold = HOOK_SECONDS * len(self._hooks) + HOLD_SPARE
        for entry in await self._repository.outbox_due(limit=room, hold=hold):
            task = asyncio.create_task(self._deliver(entry))
            self._deliveries.add(task)
            task.add_done_callback(self._end)

    def _end(self, delivery: asyncio.Task[None]) -> None:
        self._deliveries.discard(delivery)
        self._woken.set()

    async def _deliver(self, entry: OutboxEntry) -> None:
        """What fails here is due again once its hold has run out."""
        try:
            job = await self._repository.find_job(entry.job_id)
            told = job is None or await self._tell_all(entry, job)
            await self._settle(entry, told=told)
        except Exception as error:  # noqa: BLE001 - a delivery never stops the others
            log_fault(logger, "a delivery was left for later", error, {"job": entry.job_id})

    async def _tell_all(self, entry: OutboxEntry, job: Job) -> bool:
        heard = self._heard.setdefault(entry.job_id, set())
        if len(self._heard) > MOST_HEARD:
            del self._heard[next(iter(self._heard))]
        for index, hook in enumerate(self._hooks):
            if index not in heard and await self._tell(hook, job):
                heard.add(index)
        return len(heard) == len(self._hooks)

    async def _tell(self, hook: OnFinished, job: Job) -> bool:
        try:
            async with asyncio.timeout(HOOK_SECONDS):
                await self._threads.call(hook, job)
        except Exception as error:  # noqa: BLE001 - hooks are the host's code
            log_fault(logger, "an on_finished hook failed and will be called again", error, {"job": job.id})
            self._observer.count("limner_hooks_total", outcome="failed")
            return False
        self._observer.count("limner_hooks_total", outcome="delivered")
        return True

    async def _settle(self, entry: OutboxEntry, *, told: bool) -> None:
        if told or not self._heard.get(entry.job_id):
            self._heard.pop(entry.job_id, None)
        if told:
            await self._repository.outbox_done(entry.job_id)
        else:
            await self._repository.outbox_failed(entry.job_id, delay=delay_after(entry.tries))


def delay_after(tries: int) -> float:
    """Seconds until a hook that failed is called again: 1, 2, 4 … 600, spread a little."""
    return jittered(min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(tries, 16)))
