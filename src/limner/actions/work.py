"""The worker's loop: claim what the engines have room for, run each claim as its own task, drain when told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from limner.actions.call_off import LeftCalls
from limner.actions.cancel_watch import CancelWatch
from limner.actions.engine_room import EngineRoom
from limner.actions.heartbeat import Heartbeat
from limner.actions.judge import OnAmbiguous
from limner.actions.models import Models
from limner.actions.patience import Patience, jittered
from limner.actions.previews import PreviewBook
from limner.actions.progress import ProgressBook
from limner.actions.quiet_trace import log_fault
from limner.actions.retry_budget import RetryBudget
from limner.actions.run_job import run_job
from limner.actions.running import LAST_CHANCE, Reason, RunNeeds, Running
from limner.actions.troubles import Troubles
from limner.actions.webhooks import Webhooks
from limner.contracts.clock import Clock
from limner.contracts.codec import Codec
from limner.contracts.dispatcher import Dispatcher
from limner.contracts.engine import Engine
from limner.contracts.faults import fault
from limner.contracts.notifier import Notifier
from limner.contracts.observer import Observer
from limner.contracts.repository import Renewal, Repository
from limner.contracts.storage import Storage
from limner.domain.errors import Busy
from limner.domain.job import Claim, Lease
from limner.domain.policy import Policy

logger = logging.getLogger("limner.worker")

SAVE_PROGRESS_EVERY = 0.5
SAVE_PREVIEWS_EVERY = 1.0
RELEASE_SECONDS = 5.0
"""After a drain's grace: how long giving jobs back may take, beside the engines' own close."""


class Worker:
    """Paints what is queued for `engines`. `finished` is called after each job that ends here; `on_ambiguous` says, for
    engines by name, whether a job whose charge is unknown fails or is tried again.

    `slots`: how many jobs it has in hand at most, with all engines together; None leaves that to the engines.
    `last_claim_at` is when the queue was last looked at, `running` how many jobs are in hand.
    """

    def __init__(
        self,
        *,
        name: str,
        engines: Mapping[str, Engine],
        models: Models,
        repository: Repository,
        storage: Storage,
        codec: Codec,
        dispatcher: Dispatcher,
        notifier: Notifier,
        observer: Observer,
        policy: Policy,
        clock: Clock,
        on_ambiguous: Mapping[str, OnAmbiguous],
        slots: int | None = None,
        webhooks: Webhooks | None = None,
        embed_prompt: bool = False,
        finished: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self._slots = slots
        self.last_claim_at: datetime | None = None
        self._policy = policy
        self._repository = repository
        self._dispatcher = dispatcher
        self._runs: dict[Lease, Running] = {}
        self._busy: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._duties: list[asyncio.Task[None]] = []
        self._claiming: asyncio.Task[None] | None = None
        self._calling_off: asyncio.Task[None] | None = None
        self._look, self._draining, self._released, self._ended, self._idle = (asyncio.Event() for _ in range(5))
        self._engines = EngineRoom(engines)
        self._progress = ProgressBook(repository)
        self._previews = PreviewBook(storage)
        self._cancels = CancelWatch(self._runs, repository=repository, notifier=notifier)
        self._left_calls = LeftCalls(self._engines, repository=repository, within=policy.close_grace)
        self._heartbeat = Heartbeat(repository=repository, policy=policy, clock=clock, heard=self._hear_from_thread)
        self._needs = RunNeeds(
            engines=self._engines,
            models=models,
            repository=repository,
            storage=storage,
            codec=codec,
            notifier=notifier,
            dispatcher=dispatcher,
            observer=observer,
            policy=policy,
            clock=clock,
            heartbeat=self._heartbeat,
            troubles=Troubles(repository=repository, dispatcher=dispatcher, policy=policy),
            retry_budget=RetryBudget(clock),
            on_ambiguous=on_ambiguous,
            webhooks=webhooks or Webhooks(),
            embed_prompt=embed_prompt,
            save=self._progress.note,
            show=self._previews.note,
            finished=finished,
        )

    @property
    def running(self) -> int:
        return len(self._runs)

    async def start(self) -> None:
        """Begins to work; returns at once. After a drain it may be started again, in another event loop, too."""
        self._loop = asyncio.get_running_loop()
        self._look, self._draining, self._released, self._ended, self._idle = (asyncio.Event() for _ in range(5))
        self._heartbeat.start()
        self._engines.warm_up()
        self._look.set()
        self._claiming = asyncio.create_task(self._claim_on())
        self._calling_off = asyncio.create_task(self._call_off_on())
        self._duties = [
            asyncio.create_task(self._listen()),
            asyncio.create_task(self._every(self._policy.cancel_check, self._cancels.check_all)),
            asyncio.create_task(self._every(SAVE_PROGRESS_EVERY, self._progress.save)),
            asyncio.create_task(self._every(SAVE_PREVIEWS_EVERY, self._previews.save)),
        ]

    async def look(self) -> None:
        """Looks at once, and returns when nothing more can be claimed and nothing runs, or after a drain."""
        if not self._ended.is_set():
            self._idle.clear()
            self._look.set()
            await self._idle.wait()

    async def drain(self, grace: float) -> None:
        """No claims from now on; what runs may end within `grace` seconds, then it goes back to the queue and counts
        as nothing. A second call ends the grace. Leases are renewed until the end.
        """
        if self._draining.is_set():
            self._released.set()
            await self._ended.wait()
            return
        self._draining.set()
        self._look.set()
        try:
            await self._let_end(grace)
        finally:  # whoever waits for the end hears of it, whatever went wrong; and no job stays with us
            self._heartbeat.stop()
            self._ended.set()
            self._idle.set()

    async def stop(self) -> None:
        """Gives back at once whatever still runs."""
        await self.drain(0)

    async def _let_end(self, grace: float) -> None:
        if self._claiming is not None:
            await asyncio.wait({self._claiming})
        fault("during_drain")
        await self._until_idle(grace)
        await self._release()
        await self._close()

    async def _claim_on(self) -> None:
        patience = Patience("claiming jobs")
        while not self._draining.is_set():
            await self._look.wait()
            self._look.clear()
            try:
                await self._claim()
            except Exception as error:  # noqa: BLE001 - the loop outlives everything
                await self._pause(patience.failed(error))
            else:
                patience.worked()

    async def _claim(self) -> None:
        """As many jobs as there are free slots. Slots that were freed meanwhile have set `_look` again."""
        for free in self._offers():
            if not self._draining.is_set():
                await self._claim_for(free)
        if not self._runs:
            self._idle.set()

    async def _claim_for(self, free: Mapping[str, int]) -> None:
        began = self._needs.clock.monotonic()
        claims, changes = await self._repository.claim(self.name, free, policy=self._policy, held=tuple(self._runs))
        self._needs.observer.time("limner_claim_seconds", self._needs.clock.monotonic() - began)
        self.last_claim_at = self._needs.clock.now()
        for claim in claims:
            self._begin(claim, since=began)
        self._needs.notifier.publish(changes)

    def _offers(self) -> Iterator[dict[str, int]]:
        """Free slots by engine: all at once, or an engine at a time where they share the worker's."""
        free = self._free_slots()
        if self._slots is None:
            if free:
                yield free
            return
        for name in random.sample(sorted(free), len(free)):
            if (left := self._slots - len(self._runs)) > 0:
                yield {name: min(free[name], left)}

    def _free_slots(self) -> dict[str, int]:
        capabilities = self._engines.capabilities.items()
        free = {name: one.concurrency - self._busy[name] for name, one in capabilities}
        return {name: slots for name, slots in free.items() if slots > 0}

    def _begin(self, claim: Claim, *, since: float) -> None:
        run = Running(claim, self._needs)
        self._heartbeat.hold(claim.lease, since=since)
        self._runs[claim.lease] = run
        self._busy[claim.job.engine] += 1
        self._cancels.expect(run)
        if self._draining.is_set():
            run.interrupt(Reason.DRAINED)
        task = asyncio.create_task(self._run(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, run: Running) -> None:
        try:
            await run_job(run)
        except Exception as error:  # noqa: BLE001 - its lease runs out and the sweep takes it from there
            log_fault(logger, "a job was left to the sweep", error, run.facts)
        finally:
            run.settle()
            self._cancels.forget(run)
            self._previews.forget(run.job.id)
            del self._runs[run.lease]
            self._busy[run.job.engine] -= 1
            self._look.set()

    async def _listen(self) -> None:
        while True:
            await self._dispatcher.wait(jittered(self._policy.poll))
            self._look.set()

    async def _every(self, seconds: float, duty: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            await _do(duty)

    async def _call_off_on(self) -> None:
        """Until the drain, but never between taking calls and telling their services."""
        while not await self._drains_within(self._policy.sweep):
            await _do(partial(self._left_calls.look, self._draining))

    def _hear_from_thread(self, renewal: Renewal) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left to hear
            self._loop.call_soon_threadsafe(self._hear, renewal)

    def _hear(self, renewal: Renewal) -> None:
        for lease in renewal.lost:
            if run := self._runs.get(lease):
                run.interrupt(Reason.LEASE_LOST)
        self._cancels.interrupt(renewal.cancelled)

    async def _pause(self, seconds: float) -> None:
        await self._drains_within(seconds)
        self._look.set()

    async def _drains_within(self, seconds: float) -> bool:
        """Waits so long, or until a drain begins."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._draining.wait(), seconds)
        return self._draining.is_set()

    async def _until_idle(self, grace: float) -> None:
        released = asyncio.ensure_future(self._released.wait())
        ends = asyncio.get_running_loop().time() + grace
        while self._tasks and not released.done() and (left := ends - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait({released, *self._tasks}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        released.cancel()

    async def _release(self) -> None:
        """What still runs goes back to the queue; what cannot even be given back is left to the sweep."""
        for run in self._runs.values():
            run.interrupt(Reason.DRAINED)
        if self._tasks:
            seconds = LAST_CHANCE + self._policy.close_grace + RELEASE_SECONDS
            await asyncio.wait(self._tasks, timeout=seconds)
        await _end(self._tasks)

    async def _close(self) -> None:
        if self._calling_off is not None:
            await asyncio.wait({self._calling_off}, timeout=self._policy.close_grace)
            await _end([self._calling_off])
        await _end(self._duties)
        await self._save_last_previews()
        self._heartbeat.stop()
        # Twice: an isolated engine gives its child one grace of its own before it kills it.
        await self._engines.close(2 * self._policy.close_grace)

    async def _save_last_previews(self) -> None:
        try:
            await asyncio.wait_for(self._previews.save(), self._policy.close_grace)
        except TimeoutError:
            return
        except Exception as error:  # noqa: BLE001 - engines must be closed, too
            log_fault(logger, "the last previews were left behind", error, {})


async def _do(duty: Callable[[], Awaitable[None]]) -> None:
    """Once; where that fails, it goes on with the next round."""
    try:
        await duty()
    except Busy:
        return
    except Exception as error:  # noqa: BLE001 - it goes on
        log_fault(logger, "a worker's duty failed", error, {})


async def _end(tasks: set[asyncio.Task[None]] | list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
