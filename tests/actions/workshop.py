"""A whole installation around workers, in this process: real rows, real files, engines that do as a test says."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from limner.actions.claim_storage import claim_storage
from limner.actions.deliver import Deliverer
from limner.actions.models import Models
from limner.actions.sweep import Sweeper
from limner.actions.work import Worker
from limner.actions.worker_name import WorkerName
from limner.codecs.pillow import PillowCodec
from limner.contracts.clock import SystemClock
from limner.contracts.engine import Engine, Painted, Progress, Submitted, Submitting
from limner.dispatchers.inprocess import InProcessDispatcher
from limner.domain.budget import NO_BUDGETS
from limner.domain.capabilities import Capabilities
from limner.domain.errors import DatabaseUnavailable
from limner.domain.identity import new_id
from limner.domain.job import Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import ImageRequest
from limner.notifiers.memory import MemoryNotifier
from limner.observers.telemetry import Telemetry
from limner.repositories.sql import SqlRepository
from limner.storages.folder import FolderStorage
from limner.testing.instant import checkerboard

POLICY = Policy(
    lease=3.0, start_margin=1.0, poll=0.2, sweep=0.1, cancel_check=0.2, close_grace=0.3, drain_grace=1.0, free_space=0
)
PATIENCE = 20.0
"""Seconds after which a test gives up waiting."""


class Scripted(Engine):
    """The n-th paint plays the n-th of `plays`, the last one for ever after. `tasks` are the tasks that came."""

    def __init__(self, *plays, **capabilities):
        usual = {"concurrency": 4, "min_width": 1, "min_height": 1}
        self.capabilities = Capabilities(**(usual | capabilities))
        self.plays = plays
        self.tasks = []
        self.closed = 0

    async def paint(self, task):
        play = self.plays[min(len(self.tasks), len(self.plays) - 1)]
        self.tasks.append(task)
        try:
            async for stroke in play(task):
                yield stroke
        finally:
            self.closed += 1


def picture(task, ordinal):
    request = task.request
    return Painted(ordinal=ordinal, image=checkerboard(request.width, request.height, request.seed_of(ordinal)))


async def paints(task):
    for ordinal in task.ordinals:
        yield picture(task, ordinal)


async def pays(task):
    for ordinal in task.ordinals:
        yield Submitting(ordinals=(ordinal,), request_key=f"{task.request_key}:{ordinal}", cost=0.04)
        yield picture(task, ordinal)


async def polls(task):
    """Asks for what is paid for already, and pays for the rest."""
    paid = {ordinal for call in task.resume for ordinal in call.ordinals}
    for ordinal in task.ordinals:
        if ordinal not in paid:
            yield Submitting(ordinals=(ordinal,), request_key=f"{task.request_key}:{ordinal}")
            yield Submitted(ordinals=(ordinal,), handle={"call": ordinal})
        yield picture(task, ordinal)


async def hangs(task):
    yield Progress(step=0, steps=8)
    await asyncio.Event().wait()


def fails(make, *, before=()):
    """A play that yields `before(task)`'s strokes and then raises."""

    async def play(task):
        for stroke in before(task) if before else ():
            yield stroke
        raise make()

    return play


def submitting(task):
    return [Submitting(ordinals=(0,), request_key="k")]


def submitted(task):
    return [*submitting(task), Submitted(ordinals=(0,), handle={"call": 1})]


def spoilt(task):
    return [Painted(ordinal=0, image=b"no picture")]


class Unsteady:
    """A repository whose database can be away. The next answer to each command in `unheard` is lost."""

    def __init__(self, repository):
        self._repository = repository
        self.away = False
        self.unheard = set()

    def __getattr__(self, name):
        found = getattr(self._repository, name)
        if not callable(found) or name == "now":
            return found

        async def ask(*given, **named):
            if self.away:
                raise DatabaseUnavailable
            answer = await found(*given, **named)
            if name in self.unheard:
                self.unheard.discard(name)
                raise DatabaseUnavailable
            return answer

        def ask_blocking(*given, **named):
            if self.away:
                raise DatabaseUnavailable
            return found(*given, **named)

        return ask_blocking if name == "renew" else ask


class Workshop:
    """One installation. `worker()` makes as many workers as a test wants; all are drained at its end."""

    def __init__(self, folder, engines, policy, budgets):
        self.policy = policy
        self.engines = engines
        self.database = folder / "limner.db"
        self.rows = SqlRepository(f"sqlite:///{self.database}", budgets=budgets)
        self.repository = Unsteady(self.rows)
        self.storage = FolderStorage(f"file://{folder}/images")
        self.notifier = MemoryNotifier()
        self.dispatcher = InProcessDispatcher()
        self.observer = Telemetry()
        self.hooks = []
        self.deliverer = Deliverer(self.hooks, repository=self.repository, observer=self.observer)
        self.sweeper = Sweeper(
            repository=self.repository, storage=self.storage, dispatcher=self.dispatcher, notifier=self.notifier,
            observer=self.observer, policy=policy, clock=SystemClock(), deliverer=self.deliverer,
            claim_storage=self.claim_storage,
        )  # fmt: skip
        self.workers = []

    async def claim_storage(self):
        await claim_storage(self.storage, repository=self.rows, shared=False)

    def worker(self, **facts):
        usual = {
            "name": str(WorkerName.own()), "engines": self.engines, "repository": self.repository,
            "models": _models_of(self.engines), "storage": self.storage,
            "codec": PillowCodec(), "dispatcher": self.dispatcher, "notifier": self.notifier,
            "observer": self.observer, "policy": self.policy, "clock": SystemClock(), "on_ambiguous": {},
            "finished": self.deliverer.wake,
        }  # fmt: skip
        self.workers.append(Worker(**(usual | facts)))
        return self.workers[-1]

    async def submit(self, *, count=1, owner="ann", route=None, model=None, inputs=(), **facts):
        """`inputs` are what the job holds."""
        route = route or (model or next(iter(self.engines)),)
        now = self.rows.now()
        request = ImageRequest(
            prompt="a red fox", model=model or route[0], width=16, height=16, count=count, seed=7, format="png",
            inputs=tuple(held.reference for held in inputs),
        )  # fmt: skip
        usual = {"deadline_at": now + timedelta(hours=1), "max_attempts": self.policy.max_attempts}
        job = Job(
            id=JobId(new_id()), owner=owner, state=JobState.QUEUED, request=request, route=route, created_at=now,
            **(usual | facts),
        )  # fmt: skip
        await self.rows.submit(job, inputs=inputs, idempotency=None, policy=self.policy)
        self.dispatcher.nudge(job.engine)
        return job.id

    async def until(self, job_id, wanted):
        """The job as soon as `wanted(job)` is true."""
        async with asyncio.timeout(PATIENCE):
            while not wanted(job := await self.rows.find_job(job_id)):
                await asyncio.sleep(0.005)
        return job

    async def end(self, job_id):
        return await self.until(job_id, lambda job: job.state.final)

    async def painted(self, **facts):
        return await self.end(await self.submit(**facts))


def _models_of(engines):
    name, engine = next(iter(engines.items()))
    return Models(engines, default="/".join((name, *engine.capabilities.models[:1])))


@asynccontextmanager
async def workshop(folder, *, policy=POLICY, work=True, on_ambiguous=None, budgets=NO_BUDGETS, **engines):
    """A workshop in which one worker and one sweeper are at work already. Tries follow each other at once."""
    shop = Workshop(folder, engines, replace(POLICY, **policy) if isinstance(policy, dict) else policy, budgets)
    await shop.rows.open()
    await shop.storage.open()
    await shop.notifier.open()
    await shop.deliverer.start()
    await shop.sweeper.start()
    if work:
        await shop.worker(on_ambiguous=on_ambiguous or {}).start()
    try:
        with patch("limner.actions.judge.LONGEST_PAUSE", 0.05):
            yield shop
    finally:
        shop.repository.away = False
        await asyncio.gather(*(worker.stop() for worker in shop.workers))
        await shop.sweeper.stop()
        await shop.deliverer.stop()
        await shop.notifier.close()
        await shop.storage.close()
        await shop.rows.close()


async def eventually(wanted):
    async with asyncio.timeout(PATIENCE):
        while not wanted():
            await asyncio.sleep(0.005)
