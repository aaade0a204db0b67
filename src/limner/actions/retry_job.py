"""A new job that asks for the same pictures as a failed or cancelled one."""

from __future__ import annotations

from dataclasses import asdict, replace

from limner.actions.find_job import find_job
from limner.actions.submit_job import PAINTED_FIELDS, SubmitNeeds, submit_job
from limner.contracts.repository import Idempotency, Submission
from limner.domain.errors import JobNotRetryable
from limner.domain.identity import Principal
from limner.domain.job import Job, JobState
from limner.domain.request import Ask


async def retry_job(
    job_id: str, principal: Principal, *, needs: SubmitNeeds, idempotency_key: str | None = None
) -> Submission:
    """All pictures are asked for again, kept ones too, with the seed that was drawn; under the same key once. Raises
    NotFound, JobNotRetryable and all that submit does.
    """
    job = await find_job(job_id, principal, repository=needs.repository)
    if not job.state.final:
        raise JobNotRetryable(f"It is still {job.state}; wait until it ends, or cancel it first.")
    if job.state is JobState.SUCCEEDED:
        raise JobNotRetryable
    key = None if idempotency_key is None else Idempotency(key=idempotency_key, fingerprint=f"retry of {job.id}")
    return await submit_job(_ask_again(job, needs), job.owner, idempotency=key, retry_of=job, needs=needs)


def _ask_again(job: Job, needs: SubmitNeeds) -> Ask:
    """What the user wrote, as written, since before_submit hooks will rewrite it again; the rest as it was resolved."""
    resolved = {name: getattr(job.request, name) for name in PAINTED_FIELDS}
    resolved["inputs"] = [asdict(reference) for reference in job.request.inputs]
    asked = {name: value for name, value in job.requested.items() if name in PAINTED_FIELDS}
    ask = Ask(**(resolved | asked), reference=job.reference, metadata=job.metadata, priority=job.priority)
    takes_seeds = needs.models.capabilities(ask.model or needs.models.default).seeds
    return replace(ask, seed=job.request.seed if takes_seeds else None)
