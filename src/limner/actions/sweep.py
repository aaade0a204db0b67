"""Mends, every two seconds, what dead processes left behind; now and then, drops what has had its time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from limner.actions.collect_orphans import collect_orphans
from limner.actions.count_ends import count_ends
from limner.actions.deliver import Deliverer
from limner.actions.expire import expire
from limner.actions.patience import Patience, jittered
from limner.actions.worker_name import is_dead
from limner.contracts.clock import Clock
from limner.contracts.dispatcher import Dispatcher
from limner.contracts.notifier import Notifier
from limner.contracts.observer import Observer
from limner.contracts.repository import Repository
from limner.contracts.storage import Storage
from limner.domain.policy import HOUR, Policy

logger = logging.getLogger("limner.sweeper")

EXPIRE_EVERY = 60.0
COLLECT_EVERY = 6 * HOUR


class Sweeper:
    """Runs beside workers in any number of processes. Each looks first whether there is anything to mend; what there is it
    mends a batch at a time, while nobody else writes.
    """

    def __init__(
        self,
        *,
        repository: Repository,
        storage: Storage,
        dispatcher: Dispatcher,
        notifier: Notifier,
        observer: Observer,
        policy: Policy,
        clock: Clock,
        deliverer: Deliverer,
        claim_storage: Callable[[], Awaitable[None]],
    ) -> None:
        self._repository = repository
        self._storage = storage
        self._dispatcher = dispatcher
        self._notifier = notifier
        self._observer = observer
        self._policy = policy
        self._clock = clock
        self._deliverer = deliverer
        self._claim_storage = claim_storage
        self._duties: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """The first sweep comes at once: a restart is when there is most to mend."""
        self._duties = [
            asyncio.create_task(self._repeat("the sweep", self.sweep, self._policy.sweep, first=0.0)),
            asyncio.create_task(self._repeat("expiry", self.expire, EXPIRE_EVERY, first=EXPIRE_EVERY)),
            asyncio.create_task(self._repeat("collecting orphans", self.collect, COLLECT_EVERY, first=EXPIRE_EVERY)),
        ]

    async def stop(self) -> None:
        for duty in self._duties:
            duty.cancel()
        if self._duties:
            await asyncio.wait(self._duties)

    async def sweep(self) -> None:
        """Expired leases, dead workers, due delays, passed deadlines; then whoever must hear of it does."""
        report = await self._repository.sweep(policy=self._policy, is_dead=is_dead)
        self._notifier.publish(report.changes)
        count_ends(report.changes, self._observer)
        for engine in report.engines:
            self._dispatcher.nudge(engine)
        self._count(report.counts or {})
        self._deliverer.wake()

    async def expire(self) -> None:
        self._count(
            await expire(
                repository=self._repository, storage=self._storage, notifier=self._notifier, policy=self._policy
            )
        )

    async def collect(self) -> None:
        """Each lists the whole storage, so a fleet's processes do it by turns."""
        await self._claim_storage()
        if not await self._repository.begin_collection(every=COLLECT_EVERY / 2):
            return
        await collect_orphans(
            repository=self._repository, storage=self._storage, policy=self._policy, now=self._clock.now()
        )

    def _count(self, counts: Mapping[str, int]) -> None:
        for kind, amount in counts.items():
            if amount:
                self._observer.count("limner_swept_total", amount, kind=kind)

    async def _repeat(self, name: str, duty: Callable[[], Awaitable[None]], every: float, *, first: float) -> None:
        patience = Patience(name)
        await asyncio.sleep(jittered(first))
        while True:
            try:
                await duty()
            except Exception as error:  # noqa: BLE001 - the duty outlives everything
                pause = patience.failed(error)
            else:
                patience.worked()
                pause = jittered(every)
            await asyncio.sleep(pause)
