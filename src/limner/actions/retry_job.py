"""A new job that paints what a failed or cancelled one did not."""

from __future__ import annotations

from limner.actions.find_job import find_job
from limner.actions.submit_job import SubmitNeeds, submit_job
from limner.contracts.repository import Submission
from limner.domain.errors import JobNotRetryable
from limner.domain.identity import Principal
from limner.domain.job import Job, JobState
from limner.domain.request import Ask


async def retry_job(job_id: str, principal: Principal, *, needs: SubmitNeeds) -> Submission:
    """Asks again for the same pictures, seed included. Raises NotFound, JobNotRetryable and all that submit does."""
    job = await find_job(job_id, principal, repository=needs.repository)
    if not job.state.final:
        raise JobNotRetryable(f"It is still {job.state}; wait until it ends, or cancel it first.")
    if job.state is JobState.SUCCEEDED:
        raise JobNotRetryable
    return await submit_job(_ask_again(job, needs), job.owner, retry_of=job, needs=needs)


def _ask_again(job: Job, needs: SubmitNeeds) -> Ask:
    request = job.request
    return Ask(
        prompt=request.prompt,
        model=request.model,
        negative_prompt=request.negative_prompt,
        width=request.width,
        height=request.height,
        count=request.count,
        seed=request.seed if needs.models.capabilities(request.model).seeds else None,
        steps=request.steps,
        guidance=request.guidance,
        format=request.format,
        options=request.options,
        reference=job.reference,
        metadata=job.metadata,
        priority=job.priority,
    )
