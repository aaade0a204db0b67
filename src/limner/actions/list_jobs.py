"""The caller's jobs, newest first."""

from __future__ import annotations

from limner.actions.page import Page, decode_cursor
from limner.contracts.repository import JobRepository
from limner.domain.identity import Principal
from limner.domain.job import Job, JobState


async def list_jobs(
    principal: Principal,
    *,
    state: JobState | None = None,
    reference: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
    repository: JobRepository,
) -> Page[Job]:
    """Pages stay the same while new jobs arrive: a cursor names the last job seen. Raises BadCursor."""
    before = decode_cursor(cursor)
    jobs = await repository.page_of_jobs(
        principal.user_id, state=state, reference=reference, before=before, limit=limit + 1
    )
    return Page.cut(jobs, limit=limit, identify=lambda job: job.id)
