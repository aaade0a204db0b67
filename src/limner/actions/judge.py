"""What becomes of a job after a failed try: again, later, or never."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, assert_never

from limner.contracts.repository import NOTHING_COUNTED, Onward, Requeue
from limner.domain.engine_state import ACCOUNT
from limner.domain.errors import (
    BadParameter,
    BudgetExhausted,
    ContractBroken,
    EngineCrashed,
    EngineError,
    EngineTimeout,
    InvalidRequest,
    LimnerError,
    OutOfMemory,
    RefusedByPolicy,
    RetryClass,
    UnknownOutcome,
)
from limner.domain.job import Job, JobError
from limner.domain.lost_lease import DEADLINE_EXCEEDED, end_after_loss
from limner.domain.policy import Policy
from limner.domain.route import OnRefusal, fallback_note

OnAmbiguous = Literal["fail", "retry"]

LONGEST_PAUSE = 60.0
UNUSABLE_PICTURES = 2
COUNT_WORDS = {2: "twice", 3: "three times", 4: "four times", 5: "five times"}

REFUSALS = (RefusedByPolicy, BadParameter)
"""Another engine might paint it; whether it may is the operator's to say."""

STOPPED = (EngineCrashed, EngineTimeout, OutOfMemory)
"""The engine itself came to an end: whose fault that was decides what is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The job fails; `counters` are what its last try adds."""

    error: JobError
    counters: Requeue = NOTHING_COUNTED


Verdict = Requeue | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when a try has failed.

    `unknown_calls`: paid calls that were on their way without a handle. `open_call`: one has a handle to resume by.
    `charged`: the unusable picture was paid for. `uncharged`: no call was made of which the row was told. `on_ambiguous`: the
    engine's setting. `blocked`: seconds for which its engine is paused now; `known`: its account was at fault before.
    `onward`: the next place of the job's route, and `on_refusal` whether it may be asked what was refused. `chance`: uniform
    in [0, 1).
    """

    now: datetime
    policy: Policy
    on_ambiguous: OnAmbiguous = "retry"
    unknown_calls: int = 0
    open_call: bool = False
    charged: bool = False
    uncharged: bool = False
    blocked: float = 0.0
    known: bool = False
    onward: int | None = None
    on_refusal: OnRefusal = "fail"
    chance: Callable[[], float] = random.random

    @property
    def charge_matters(self) -> bool:
        """A charge is unknown and nobody may pay again unasked."""
        return self.unknown_calls > 0 and self.on_ambiguous == "fail"


def judge(error: LimnerError, job: Job, situation: Situation) -> Verdict:
    """Decides by the error's class, the job's counters and the policy; changes nothing."""
    situation = replace(situation, unknown_calls=_unknown_calls(error, situation))
    if isinstance(error, STOPPED) and not error.facts.get("own", True):
        return _after_loss(job, situation)
    verdict = (_after_crash if isinstance(error, STOPPED) else _by_class)(error, job, situation)
    counters = replace(
        counters_of(verdict),
        ambiguous_calls=situation.unknown_calls,
        uncharged=situation.uncharged or cost_nothing(error),
    )
    if situation.charge_matters:
        return Failure(error=as_job_error(_in_doubt(error)), counters=counters)
    if situation.now >= job.deadline_at:
        return Failure(error=DEADLINE_EXCEEDED, counters=replace(counters, crashes=0))
    if situation.onward is not None and _goes_on(error, verdict, situation):
        return replace(counters, delay=None, uncounted=False, onward=_onward(error, job, situation, situation.onward))
    return counters if isinstance(verdict, Requeue) else replace(verdict, counters=counters)


def counters_of(verdict: Verdict) -> Requeue:
    """What the try adds, whether or not it was the last."""
    return verdict if isinstance(verdict, Requeue) else verdict.counters


def _by_class(error: LimnerError, job: Job, situation: Situation) -> Verdict:
    if isinstance(error, BudgetExhausted):
        return _when_it_renews(error, job, situation)
    if isinstance(error, ACCOUNT) and situation.known:
        return _when_free(situation)
    retry = _retry_of(error)
    match retry:
        case None | RetryClass.AGAIN | RetryClass.AMBIGUOUS:
            return _again(error, job, situation, _full_jitter(job, situation))
        case RetryClass.LATER:
            return _when_free(situation)
        case RetryClass.ONCE:
            return _after_useless_call(error, job, situation)
        case RetryClass.NEVER:
            return Failure(error=as_job_error(error))
        case _:
            assert_never(retry)


def tries_of(job: Job) -> int:
    """Tries that count: a worker that died is nobody's fault."""
    return max(1, job.attempt - job.lease_losses)


def _unknown_calls(error: LimnerError, situation: Situation) -> int:
    """Calls that may have been charged for nothing."""
    if _retry_of(error) is RetryClass.AMBIGUOUS:
        return max(1, situation.unknown_calls)
    return 0 if _knows_its_calls(error) else situation.unknown_calls


def calls_are_over(error: LimnerError) -> bool:
    """Whether what was on its way has ended, and is known."""
    return _knows_its_calls(error) and _retry_of(error) is not RetryClass.AMBIGUOUS


def cost_nothing(error: LimnerError) -> bool:
    """Whether calls that were on their way are free; a refusal may not be."""
    return calls_are_over(error) and not isinstance(error, RefusedByPolicy)


def _knows_its_calls(error: LimnerError) -> bool:
    """An engine that names its fault also knows how its calls ended; a crash, an unusable picture, a paint that ends too
    early or a fault of ours says nothing about the calls beside it.
    """
    return _retry_of(error) not in {None, RetryClass.ONCE} and not isinstance(error, (*STOPPED, ContractBroken))


def _retry_of(error: LimnerError) -> RetryClass | None:
    if isinstance(error, InvalidRequest):
        return RetryClass.NEVER  # its model was taken out of the settings since it was asked for
    return error.retry if isinstance(error, EngineError) else None


def _in_doubt(error: LimnerError) -> LimnerError:
    if isinstance(error, ContractBroken):
        return UnknownOutcome(f"{error.detail} What is missing may have been charged.")
    return error if _retry_of(error) is RetryClass.AMBIGUOUS else UnknownOutcome()


def _after_crash(error: LimnerError, job: Job, situation: Situation) -> Verdict:
    crashed = Requeue(crashes=1)
    crashes = job.crash_count + 1
    if crashes >= situation.policy.max_crashes:
        return Failure(error=_poison(error, job, crashes), counters=crashed)
    return _again(error, job, situation, _full_jitter(job, situation), crashed)


def _after_loss(job: Job, situation: Situation) -> Verdict:
    """The death of a child that jobs share is like that of a worker."""
    lost = Requeue(lease_losses=1, ambiguous_calls=situation.unknown_calls, urgent=situation.open_call)
    late = situation.now >= job.deadline_at
    over = end_after_loss(job.lease_losses + 1, situation.policy, charge_matters=situation.charge_matters, late=late)
    return Failure(error=over, counters=lost) if over else lost


def _after_useless_call(error: LimnerError, job: Job, situation: Situation) -> Verdict:
    counted = Requeue(bad_images=1, paid_bad_outputs=int(situation.charged), urgent=situation.open_call)
    if job.bad_images + 1 >= UNUSABLE_PICTURES:
        return Failure(error=as_job_error(error), counters=counted)
    return counted


def _again(
    error: LimnerError, job: Job, situation: Situation, delay: timedelta, counters: Requeue = NOTHING_COUNTED
) -> Verdict:
    """One more try while tries are left."""
    if tries_of(job) >= job.max_attempts:
        return Failure(error=as_job_error(error), counters=counters)
    return replace(counters, delay=delay, urgent=situation.open_call)


def _full_jitter(job: Job, situation: Situation) -> timedelta:
    return timedelta(seconds=situation.chance() * min(LONGEST_PAUSE, 2.0 ** tries_of(job)))


def _when_free(situation: Situation) -> Requeue:
    """The engine is paused for everybody: that is not held against the one who found out."""
    return Requeue(delay=timedelta(seconds=situation.blocked), uncounted=True, urgent=situation.open_call)


def _when_it_renews(error: BudgetExhausted, job: Job, situation: Situation) -> Verdict:
    """A job waits for its budget, unless its deadline comes first."""
    wait = timedelta(seconds=error.retry_after)
    if situation.now + wait >= job.deadline_at:
        return Failure(error=as_job_error(error))
    return Requeue(delay=wait, uncounted=True)


def _goes_on(error: LimnerError, verdict: Verdict, situation: Situation) -> bool:
    """Only where nothing is left open with this engine, and never with what was paid for and cannot be used."""
    if situation.unknown_calls or situation.open_call or _retry_of(error) is RetryClass.ONCE:
        return False
    if isinstance(error, REFUSALS):
        return situation.on_refusal == "next"
    if not isinstance(error, (EngineError, BudgetExhausted)):
        return False
    over = isinstance(verdict, Failure) or isinstance(error, BudgetExhausted)
    return over or situation.blocked > situation.policy.route_patience


def _onward(error: LimnerError, job: Job, situation: Situation, place: int) -> Onward:
    note = fallback_note(job.route, job.route_index, place, error.code)
    return Onward(place=place, note=note, tries=situation.policy.max_attempts)


def _poison(error: LimnerError, job: Job, crashes: int) -> JobError:
    if not isinstance(error, EngineCrashed):
        return as_job_error(error)
    times = COUNT_WORDS.get(crashes, f"{crashes} times")
    kept = f"{len(job.images)} of {job.request.count} pictures were kept" if job.images else "nothing was painted"
    return replace(as_job_error(error), detail=f"It stopped {times}; {kept}.")


def as_job_error(error: LimnerError) -> JobError:
    """An error in the words that a job keeps."""
    retryable = error.retryable if isinstance(error, EngineError) else True
    return JobError(code=error.code, title=error.title, detail=error.detail, retryable=retryable)
