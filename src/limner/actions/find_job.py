"""One job of the caller's own."""

from __future__ import annotations

from limner.contracts.repository import JobRepository
from limner.domain.errors import NotFound
from limner.domain.identity import Principal, is_id
from limner.domain.job import Job

NO_SUCH_JOB = "There is no such job."


async def find_job(job_id: str, principal: Principal, *, repository: JobRepository) -> Job:
    """Raises NotFound, in one and the same way for absent, foreign and malformed ids."""
    job = await repository.find_job(job_id) if is_id(job_id) else None
    if job is None or job.owner != principal.user_id:
        raise NotFound(NO_SUCH_JOB)
    return job
