"""What becomes of a job whose worker, or the process it shared with others, is gone."""

from __future__ import annotations

from limner.domain.errors import EngineCrashed, UnknownOutcome
from limner.domain.job import JobError
from limner.domain.policy import Policy

DEADLINE_EXCEEDED = JobError(
    code="deadline_exceeded", title="Out of time", detail="It was not finished by its deadline.", retryable=True
)
CHARGE_UNKNOWN = JobError(
    code=UnknownOutcome.code,
    title=UnknownOutcome.title,
    detail="The worker stopped during a call to the service; it may have been charged.",
    retryable=UnknownOutcome.retryable,
)


def end_after_loss(losses: int, policy: Policy, *, charge_matters: bool, late: bool) -> JobError | None:
    """Why the job is over, or None: it goes back to the queue. `losses` count this one. `charge_matters`: a charge is
    unknown and nobody may pay again unasked; that is told before anything else, since it asks for a look at the bill.
    """
    if charge_matters:
        return CHARGE_UNKNOWN
    if late:
        return DEADLINE_EXCEEDED
    if losses < policy.max_lease_losses:
        return None
    detail = f"Its worker was lost {losses} times while it was painted."
    return JobError(code=EngineCrashed.code, title=EngineCrashed.title, detail=detail, retryable=True)
