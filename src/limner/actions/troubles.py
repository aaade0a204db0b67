"""What befalls engines is written down for all workers: pauses, breakers, and that an engine paints again."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from limner.contracts.dispatcher import Dispatcher
from limner.contracts.repository import Repository
from limner.domain.engine_state import TROUBLE, EngineState
from limner.domain.errors import Busy
from limner.domain.job import Claim, Job
from limner.domain.policy import Policy
from limner.domain.route import engine_of, next_on_route


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a job's engine stands after a failed try: seconds for which it is paused, whether its account was known to be
    at fault, and the place of the job's route to go on to (None: it has no more).
    """

    blocked: float = 0.0
    known: bool = False
    onward: int | None = None


class Troubles:
    """One worker's. Only engines with trouble on record cost a word after a success."""

    def __init__(self, *, repository: Repository, dispatcher: Dispatcher, policy: Policy) -> None:
        self._repository = repository
        self._dispatcher = dispatcher
        self._policy = policy
        self._on_record: set[str] = set()

    async def met(self, claim: Claim, fault: Exception) -> Standing:
        """Raises DatabaseUnavailable; to say it again does little harm."""
        state, before = None, None
        if isinstance(fault, TROUBLE):
            state, before = await self._repository.note_trouble(
                claim.job.engine, fault, probe=claim.probe, policy=self._policy
            )
            self._on_record.add(claim.job.engine)
        return Standing(
            blocked=state.seconds_blocked(self._repository.now()) if state else 0.0,
            known=before is not None and before.is_account,
            onward=await self._onward(claim.job),
        )

    async def painted(self, claim: Claim) -> None:
        """What was fetched for an earlier call says nothing of the next one."""
        engine = claim.job.engine
        if claim.calls or not (claim.troubled or engine in self._on_record):
            return
        with contextlib.suppress(Busy):  # the next picture says so, too
            await self._repository.note_recovery(engine, probe=claim.probe)
            self._on_record.discard(engine)
            self._dispatcher.nudge(engine)

    async def _onward(self, job: Job) -> int | None:
        if job.route_index + 1 >= len(job.route):
            return None
        waits = _waits(job, await self._repository.engine_states(), self._repository.now())
        return next_on_route(job.route_index, len(waits), waits.__getitem__, self._policy.route_patience)


def _waits(job: Job, states: Mapping[str, EngineState], now: datetime) -> list[float]:
    """Seconds until each engine of the route can be asked."""
    engines = map(engine_of, job.route)
    return [states[engine].seconds_blocked(now) if engine in states else 0.0 for engine in engines]
