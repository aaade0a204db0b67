"""One claim in a worker's hands: what it knows of the job, how it is interrupted, how it outlasts an outage."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from limner.actions.count_ends import count_ends
from limner.actions.engine_room import EngineRoom
from limner.actions.heartbeat import Heartbeat
from limner.actions.judge import OnAmbiguous
from limner.actions.models import Models
from limner.actions.progress import Tally
from limner.actions.retry_budget import RetryBudget
from limner.actions.strokes import Interrupted
from limner.actions.troubles import Troubles
from limner.actions.webhooks import Ear, Webhooks
from limner.contracts.clock import Clock
from limner.contracts.codec import Codec
from limner.contracts.dispatcher import Dispatcher
from limner.contracts.notifier import Notifier
from limner.contracts.observer import Observer
from limner.contracts.repository import Repository
from limner.contracts.storage import Storage
from limner.domain.errors import DatabaseUnavailable, EngineTimeout, LeaseLost, StorageFull, StorageUnavailable
from limner.domain.event import JobChanged, PreviewTick, ProgressTick
from limner.domain.job import Call, CallPhase, Claim
from limner.domain.policy import Policy

logger = logging.getLogger("limner.worker")

FIRST_REST = 0.1
LONGEST_REST = 2.0
LAST_CHANCE = 2.0
"""Seconds after a cancel or a drain in which what is paid for may still be recorded: it is in hand, or on its way."""

OUTAGES = (DatabaseUnavailable, StorageUnavailable, StorageFull, OSError)

T = TypeVar("T")


class Reason(enum.Enum):
    """Why a worker gives up a paint that the engine did not end."""

    CANCELLED = "cancelled"
    DRAINED = "drained"
    LEASE_LOST = "lease lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNeeds:
    """What running a job takes. `save` is told of progress, `show` of previews, `finished` of each job that ends here."""

    engines: EngineRoom
    models: Models
    repository: Repository
    storage: Storage
    codec: Codec
    notifier: Notifier
    dispatcher: Dispatcher
    observer: Observer
    policy: Policy
    clock: Clock
    heartbeat: Heartbeat
    troubles: Troubles
    retry_budget: RetryBudget
    on_ambiguous: Mapping[str, OnAmbiguous]
    webhooks: Webhooks
    embed_prompt: bool
    save: Callable[[ProgressTick], None]
    show: Callable[[PreviewTick], None]
    finished: Callable[[], None]


class Running:
    """A claim between `begin` and `settle`. `settled`: its row needs no more word from us. `ended`: the job is over.
    `interrupted` and `lost` are done once the paint is not wanted any more, and once the lease is not ours any more.
    """

    def __init__(self, claim: Claim, needs: RunNeeds) -> None:
        self.claim = claim
        self.job = claim.job
        self.lease = claim.lease
        self.needs = needs
        self.missing = set(claim.job.missing)
        self.calls = {call.first_ordinal: call for call in claim.calls if call.phase is CallPhase.SUBMITTED}
        self.tally = Tally(claim.job, began=needs.clock.monotonic())
        self.seq = claim.job.event_seq
        self.reason: Reason | None = None
        loop = asyncio.get_running_loop()
        self.interrupted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._chance_ends = 0.0
        self.settled = False
        self.ended = False
        self.spent: set[int] = set()
        self._unsent = False
        self.ear: Ear | None = None

    @property
    def seconds_left(self) -> float:
        """Until the deadline."""
        return (self.job.deadline_at - self.needs.repository.now()).total_seconds()

    @property
    def on_ambiguous(self) -> OnAmbiguous:
        """What becomes of the job when a charge is unknown: an engine that charges is not asked twice by itself."""
        charges = self.needs.engines.capabilities[self.job.engine].charges
        return self.needs.on_ambiguous.get(self.job.engine, "fail" if charges else "retry")

    @property
    def unknown_calls(self) -> int:
        """Paid calls that are on their way and have no handle."""
        return sum(call.phase is CallPhase.SUBMITTING for call in self.calls.values())

    @property
    def uncharged(self) -> bool:
        """Whether nothing was paid for that the row takes to be on its way."""
        return self._unsent and not self.unknown_calls

    @property
    def open_call(self) -> bool:
        """Whether a call can be resumed by its handle."""
        return any(call.phase is CallPhase.SUBMITTED for call in self.calls.values())

    @property
    def last_chance(self) -> float:
        """Seconds left, after an interruption, for the answer to a paid call that is on its way: with its handle it can be
        called off, or resumed by another worker. 0 where nobody has a use for it.
        """
        if not self.unknown_calls or self.lost.done():
            return 0.0
        if self.reason is Reason.CANCELLED and not self.needs.engines.can_cancel(self.job.engine):
            return 0.0
        return self._chance_left

    def note_calling(self) -> None:
        """The row is about to be told of a call that is made right after."""
        self._unsent = True

    def note_called(self, call: Call) -> None:
        self._unsent = False
        self.calls[call.first_ordinal] = call

    def note_calls_over(self, *, uncharged: bool) -> None:
        """What was on its way without a handle has ended."""
        self._unsent = uncharged
        self.calls = {key: call for key, call in self.calls.items() if call.phase is CallPhase.SUBMITTED}

    def note_kept(self, ordinal: int) -> None:
        """Its call is done once all its pictures are kept."""
        self.missing.discard(ordinal)
        call = self._call_of(ordinal)
        if call and self.missing.isdisjoint(call.ordinals):
            del self.calls[call.first_ordinal]

    def note_spent(self, ordinal: int | None) -> None:
        """Its call has come to an end: whatever was paid for it bought nothing that can be kept. None names no call."""
        if ordinal is not None and (call := self._call_of(ordinal)):
            self.spent.add(call.first_ordinal)
            del self.calls[call.first_ordinal]

    def _call_of(self, ordinal: int) -> Call | None:
        for call in self.calls.values():
            if ordinal in call.ordinals:
                return call
        return None

    def interrupt(self, reason: Reason) -> None:
        """The first reason stands, but a lost lease outranks all."""
        if self.reason is None or reason is Reason.LEASE_LOST:
            self.reason = reason
        if not self.interrupted.done():
            self._chance_ends = asyncio.get_running_loop().time() + LAST_CHANCE
            self.interrupted.set_result(None)
        if reason is Reason.LEASE_LOST and not self.lost.done():
            self.lost.set_result(None)

    def publish(self, change: JobChanged) -> None:
        """Watchers hear of a change that is committed, and an end is counted as what the row took it for."""
        count_ends((change,), self.needs.observer)
        self.seq = max(self.seq, change.seq)
        self.ended = change.ended is not None
        self.needs.notifier.publish([change])

    def settle(self) -> None:
        """The row is no longer ours to change."""
        self.settled = True
        self.needs.heartbeat.release(self.lease)

    async def unless_interrupted(self, action: Awaitable[T]) -> T:
        """Cancels the action, and raises, as soon as the paint is not wanted any more or the deadline has passed."""
        task = asyncio.ensure_future(action)
        waited: set[asyncio.Future[Any]] = {task, self.interrupted}
        await asyncio.wait(waited, timeout=max(0.0, self.seconds_left), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        raise self._why_not()

    async def pause(self, seconds: float) -> None:
        """Raises as soon as the paint is not wanted any more or the deadline has passed."""
        await asyncio.wait({self.interrupted}, timeout=max(0.0, min(seconds, self.seconds_left)))
        if self.interrupted.done() or self.seconds_left <= 0:
            raise self._why_not()

    async def hold_on(self, seconds: float) -> None:
        """A pause for one who has something in hand that is paid for: an interruption leaves it a last chance."""
        if not self.interrupted.done():
            with contextlib.suppress(Interrupted):
                await self.pause(seconds)
        elif self.lost.done() or not self._chance_left:
            raise Interrupted
        else:
            await asyncio.sleep(min(seconds, self._chance_left))

    @property
    def _chance_left(self) -> float:
        return max(0.0, self._chance_ends - asyncio.get_running_loop().time())

    def _why_not(self) -> Exception:
        return Interrupted() if self.interrupted.done() else EngineTimeout("It was not painted by its deadline.")

    async def rest(self, seconds: float) -> None:
        """Raises LeaseLost once that is known."""
        await asyncio.sleep(seconds)
        if self.lost.done():
            raise LeaseLost

    async def insist(self, action: Callable[[], Awaitable[T]], wait: Callable[[float], Awaitable[None]]) -> T:
        """Does it again and again, while the database or the storage has trouble, for as long as `wait` lets it."""
        pause = FIRST_REST
        while True:
            try:
                return await action()
            except OUTAGES as trouble:
                name = getattr(trouble, "code", type(trouble).__name__)
                logger.warning("waiting to record what was painted: %s", name, extra=self.facts)
            await wait(pause)
            pause = min(pause * 2, LONGEST_REST)

    @property
    def facts(self) -> dict[str, str]:
        """What a log line about this job says."""
        return {"job": self.job.id, "engine": self.job.engine}
