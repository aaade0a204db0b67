"""Jobs: found, listed, waited for, cancelled, asked for again, deleted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from limner.actions.cancel_job import cancel_job as cancel
from limner.actions.delete_job import delete_job as delete
from limner.actions.find_job import find_job
from limner.actions.list_jobs import list_jobs as list_them
from limner.actions.retry_job import retry_job as retry
from limner.domain.job import Job, JobState
from limner.web import operation
from limner.web.access import Caller, MayReadJobs, MayWriteJobs
from limner.web.encoding import encode, job_document
from limner.web.idempotency import idempotency_key, replayed
from limner.web.late import LateResponse
from limner.web.negotiation import header, matches, preferred_wait
from limner.web.operation import add, answer
from limner.web.schemas import LimnerJob, LimnerJobPage
from limner.web.telling import created_response, job_etag, job_page_document, job_response, tagged_response
from limner.web.waiting import wait_for

Limit = Annotated[int, Query(ge=1, le=200, description="How many on a page.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before.")]


async def list_jobs(
    caller: MayReadJobs,
    state: JobState | None = None,
    reference: Annotated[str | None, Query(description="Your own label.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The caller's jobs, newest first."""
    page = await list_them(
        caller.principal, state=state, reference=reference, cursor=cursor, limit=limit, repository=caller.repository
    )
    return tagged_response(caller, encode(job_page_document(caller, page)))


async def get_job(caller: MayReadJobs, job_id: str) -> Response:
    """The job as it is now. `Prefer: wait=N` waits until it ends, with If-None-Match until it changes."""
    job = await find_job(job_id, caller.principal, repository=caller.repository)
    seconds = preferred_wait(caller.request.scope)
    if seconds is None or job.state.final:
        return _told(caller, job, {})
    return LateResponse(lambda: _wait_and_tell(caller, job, seconds))


async def _wait_and_tell(caller: Caller, job: Job, seconds: int) -> Response:
    known = header(caller.request.scope, b"if-none-match")

    def news(seen: Job) -> bool:
        return seen.state.final or (known is not None and not matches(known, job_etag(seen, caller.addresses)))

    found = await wait_for(caller, job, until=news, seconds=seconds)
    return _told(caller, found, {"Preference-Applied": f"wait={seconds}"})


def _told(caller: Caller, job: Job, headers: dict[str, str]) -> Response:
    addresses = caller.addresses
    body = encode(job_document(job, addresses))
    return tagged_response(caller, body, {"ETag": job_etag(job, addresses), **headers})


async def cancel_job(caller: MayWriteJobs, job_id: str) -> Response:
    """A waiting job ends at once (200), a running one soon (202)."""
    means = caller.assembly
    job = await cancel(
        job_id,
        caller.principal,
        repository=means.repository,
        notifier=means.notifier,
        observer=means.observer,
    )
    return job_response(caller, job, 200 if job.state.final else 202)


async def retry_job(caller: MayWriteJobs, job_id: str) -> Response:
    """A new job that asks for the same pictures as a failed or cancelled one."""
    key = idempotency_key(caller.request.scope)
    submission = await retry(job_id, caller.principal, needs=caller.assembly.submit_needs, idempotency_key=key)
    return created_response(caller, submission.job, replayed(submission))


async def delete_job(caller: MayWriteJobs, job_id: str) -> Response:
    """The job and its pictures go for good."""
    await delete(job_id, caller.principal, repository=caller.repository, storage=caller.assembly.storage)
    return Response(None, 204)


def add_job_routes(router: APIRouter) -> None:
    told = answer("The job.", LimnerJob, headers=["ETag"], links=operation.JOB_LINKS)
    again = answer("The new job.", LimnerJob, headers=["Location", "Retry-After", "Idempotent-Replayed"])
    add(
        router,
        "GET",
        "/jobs/{job_id}",
        get_job,
        tag="jobs",
        answers={200: told, 304: answer("Nothing has changed.", headers=["ETag"])},
        problems=[operation.NO_JOB],
        headers=[operation.PREFER, operation.IF_NONE_MATCH],
    )
    add(
        router,
        "GET",
        "/jobs",
        list_jobs,
        tag="jobs",
        answers={
            200: answer("A page of jobs.", LimnerJobPage, headers=["ETag"]),
            304: answer("Nothing has changed.", headers=["ETag"]),
        },
        problems=[operation.BAD_CURSOR, operation.BAD_QUERY],
        headers=[operation.IF_NONE_MATCH],
    )
    add(
        router,
        "POST",
        "/jobs/{job_id}/cancel",
        cancel_job,
        tag="jobs",
        answers={200: answer("It is cancelled.", LimnerJob), 202: answer("It will end soon.", LimnerJob)},
        problems=[operation.NO_JOB, operation.FINISHED],
    )
    add(
        router,
        "POST",
        "/jobs/{job_id}/retry",
        retry_job,
        tag="jobs",
        answers={202: again},
        problems=[operation.NO_JOB, operation.NOT_RETRYABLE, operation.BAD_KEY, *operation.SUBMITTING],
        headers=[operation.IDEMPOTENCY_KEY],
    )
    add(
        router,
        "DELETE",
        "/jobs/{job_id}",
        delete_job,
        tag="jobs",
        answers={204: answer("It is gone.")},
        problems=[operation.NO_JOB, operation.NOT_FINISHED],
    )
