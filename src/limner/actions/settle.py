"""The last word of a try: its verdict is written to the row, then watchers and workers hear of it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

from limner.actions.judge import Failure, Situation, counters_of, judge
from limner.actions.quiet_trace import log_fault
from limner.actions.running import Reason, Running
from limner.actions.strokes import Interrupted
from limner.actions.troubles import Standing
from limner.contracts.faults import fault
from limner.contracts.repository import Requeue
from limner.domain.engine_state import PASSING
from limner.domain.errors import BudgetExhausted, EngineError, LeaseLost, LimnerError, RetryClass, UnknownOutcome
from limner.domain.event import JobChanged
from limner.domain.job import JobError, JobState
from limner.domain.route import engine_of

logger = logging.getLogger("limner.worker")


async def settle_cancelled(run: Running) -> None:
    """Ends a job whose cancel was asked for; its engine may still be coming to a stop, people should not wait for that:
    only for the answer to a call that can be called off.
    """
    _count_ambiguous(run, run.unknown_calls)
    counters = Requeue(ambiguous_calls=run.unknown_calls, uncharged=run.uncharged)
    await _finish(run, JobState.CANCELLED, None, counters)


async def settle(run: Running, fault_found: Exception) -> None:
    """Writes what becomes of the job after a failed try."""
    if isinstance(fault_found, LeaseLost) or run.reason is Reason.LEASE_LOST:
        await _lose(run)
    elif isinstance(fault_found, Interrupted) and not run.unknown_calls:
        await _requeue(run, Requeue(uncounted=True, uncharged=run.uncharged, urgent=run.open_call))
    else:
        await _settle_fault(run, fault_found)


async def _settle_fault(run: Running, fault_found: Exception) -> None:
    error = _error_of(run, fault_found)
    try:
        standing = await run.insist(partial(run.needs.troubles.met, run.claim, fault_found), run.rest)
    except LeaseLost:
        await _lose(run)
        return
    verdict = judge(error, run.job, _situation(run, error, standing))
    _count(run, error, counters_of(verdict))
    if isinstance(verdict, Failure):
        await _finish(run, JobState.FAILED, verdict.error, verdict.counters)
    else:
        await _requeue(run, _within_budget(run, error, verdict))


def _within_budget(run: Running, error: LimnerError, requeue: Requeue) -> Requeue:
    """Too many retries at once are spread over the minutes that follow."""
    if requeue.onward is not None or not isinstance(error, PASSING):
        return requeue
    pause = timedelta(seconds=run.needs.retry_budget.book(run.job.engine))
    return replace(requeue, delay=max(requeue.delay or timedelta(), pause))


def _error_of(run: Running, fault_found: Exception) -> LimnerError:
    """What is not an engine's error is a fault of ours: logged with its frames, and one more try for the job."""
    if isinstance(fault_found, Interrupted):
        return UnknownOutcome("The worker was stopped during a call; it may have been charged.")
    if fault_found.__cause__ or not isinstance(fault_found, LimnerError):
        log_fault(logger, "a try failed", fault_found, run.facts)
    return fault_found if isinstance(fault_found, LimnerError) else LimnerError()


def _situation(run: Running, error: LimnerError, standing: Standing) -> Situation:
    charged = isinstance(error, EngineError) and error.retry is RetryClass.ONCE and bool(run.spent)
    return Situation(
        now=run.needs.repository.now(),
        policy=run.needs.policy,
        on_ambiguous=run.on_ambiguous,
        unknown_calls=run.unknown_calls,
        open_call=run.open_call,
        charged=charged,
        uncharged=run.uncharged,
        blocked=standing.blocked,
        known=standing.known,
        onward=standing.onward,
        on_refusal=run.needs.models.on_refusal(run.job.request.model),
    )


def _count(run: Running, error: LimnerError, counters: Requeue) -> None:
    kind = "budget" if isinstance(error, BudgetExhausted) else "internal"
    if isinstance(error, EngineError):
        kind = error.retry.value
    run.needs.observer.count("limner_retries_total", 1, **{"class": kind})
    _count_ambiguous(run, counters.ambiguous_calls)
    logger.info("a try failed: %s", error.code, extra=run.facts | {"attempt": run.job.attempt})


def _count_ambiguous(run: Running, calls: int) -> None:
    if calls:
        run.needs.observer.count("limner_ambiguous_calls_total", calls, engine=run.job.engine)


async def _finish(run: Running, state: JobState, error: JobError | None, counters: Requeue) -> None:
    fault("before_finish")
    began = run.needs.clock.monotonic()
    if await _write(run, lambda: run.needs.repository.finish(run.lease, state, error, counters=counters)):
        run.needs.observer.time("limner_finish_seconds", run.needs.clock.monotonic() - began)
        run.needs.finished()
        fault("after_finish")


async def _requeue(run: Running, requeue: Requeue) -> None:
    fault("before_requeue")
    requeue = replace(requeue, spent=tuple(sorted(run.spent)))
    if await _write(run, lambda: run.needs.repository.requeue(run.lease, requeue)) and requeue.delay is None:
        place = requeue.onward.place if requeue.onward else run.job.route_index
        run.needs.dispatcher.nudge(engine_of(run.job.route[place]))


async def _write(run: Running, action: Callable[[], Awaitable[JobChanged]]) -> bool:
    """Whether the row took it; a lost lease is no fault of the job."""
    try:
        change = await run.insist(action, run.rest)
    except LeaseLost:
        await _lose(run)
        return False
    run.settle()
    run.publish(change)
    return True


async def _lose(run: Running) -> None:
    """Another worker's job now, unless our own last word ended it and only the answer was lost."""
    run.settle()
    if change := await _end_of_ours(run):
        run.publish(change)
        run.needs.finished()
        return
    run.needs.observer.count("limner_lease_losses_total")
    logger.warning("lease lost: what was painted is dropped", extra=run.facts)


async def _end_of_ours(run: Running) -> JobChanged | None:
    """The sweep that ends a job counts a loss, and another worker's try is another attempt."""
    try:
        job = await run.insist(partial(run.needs.repository.find_job, run.job.id), run.rest)
    except LeaseLost:  # nobody knows, and nobody waits for it
        return None
    known = (run.job.attempt, run.job.lease_losses)
    if job is None or not job.state.final or (job.attempt, job.lease_losses) != known:
        return None
    return JobChanged(job_id=job.id, owner=job.owner, seq=job.event_seq, ended=job.state)
