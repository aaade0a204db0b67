"""Stops a job: at once while it waits, soon while it is being painted."""

from __future__ import annotations

from limner.actions.count_ends import count_ends
from limner.actions.find_job import find_job
from limner.contracts.notifier import Notifier
from limner.contracts.observer import Observer
from limner.contracts.repository import JobRepository
from limner.domain.errors import JobFinished
from limner.domain.identity import Principal
from limner.domain.job import Job, JobState


async def cancel_job(
    job_id: str, principal: Principal, *, repository: JobRepository, notifier: Notifier, observer: Observer
) -> Job:
    """The job as it is afterwards: cancelled, or running with the cancel asked for. Raises NotFound, JobFinished."""
    job = await find_job(job_id, principal, repository=repository)
    if not job.state.final:
        if change := await repository.cancel(job_id):
            notifier.publish((change,))
            count_ends((change,), observer)
        job = await find_job(job_id, principal, repository=repository)
    if job.state.final and job.state is not JobState.CANCELLED:
        raise JobFinished(f"It has already {job.state}.")
    return job
