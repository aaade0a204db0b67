"""Jobs as they change: one stream for one job, or one for all that the caller has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, params
from starlette.responses import Response

from limner.actions.find_job import find_job
from limner.actions.watch_job import has_ended
from limner.actions.watch_job import watch_job as watch
from limner.actions.watch_jobs import watch_jobs as watch_all
from limner.domain.job import Job
from limner.web import operation
from limner.web.access import Caller, MayReadJobs, MayWatchJob
from limner.web.encoding import encode, job_document
from limner.web.negotiation import header
from limner.web.operation import add, answer
from limner.web.stream import HEARTBEAT_EVERY, EventStream, frame

LastEventId = Annotated[str | None, Query(description="For clients that cannot send Last-Event-ID.")]


async def watch_job(caller: MayWatchJob, job_id: str, last_event_id: LastEventId = None) -> Response:
    """The whole job after every change; progress and previews in between. Ends with the job: then a reconnect gets 204."""
    after = _sequence(header(caller.request.scope, b"last-event-id") or last_event_id)
    job = await find_job(job_id, caller.principal, repository=caller.repository)
    if has_ended(job, after):
        return Response(None, 204)
    seen = watch(
        job_id,
        caller.principal,
        after=after,
        reader=caller.assembly.job_reader,
        notifier=caller.assembly.notifier,
        holds=caller.holds,
        heartbeat=HEARTBEAT_EVERY,
    )
    return EventStream(seen, lambda news: _job_frame(caller, news.job, b"%d" % news.seq))


async def watch_jobs(caller: MayReadJobs, last_event_id: LastEventId = None) -> Response:
    """All of the caller's jobs on one stream, for browsers allow few connections."""
    seen = watch_all(
        caller.principal,
        after=header(caller.request.scope, b"last-event-id") or last_event_id,
        reader=caller.assembly.job_reader,
        notifier=caller.assembly.notifier,
        holds=caller.holds,
        heartbeat=HEARTBEAT_EVERY,
    )
    return EventStream(seen, lambda news: _job_frame(caller, news.job, (news.position or "").encode()))


def _job_frame(caller: Caller, job: Job, name: bytes) -> bytes:
    """Made once for all who watch the same job with the same proof under the same address."""
    addresses = caller.addresses
    # The signed address stands for its principal and its expiry: who is told the same shares the frame.
    key = (job.event_seq, job.progress, name, addresses.events(job.id))
    frames = caller.door.frames
    return frames.get(key) or frames.put(key, frame(b"job", encode(job_document(job, addresses)), name))


def _sequence(name: str | None) -> int | None:
    """A Last-Event-ID that we never gave is none: the client gets a snapshot."""
    return int(name) if name and name.isascii() and name.isdigit() and len(name) < 10 else None


def add_event_routes(router: APIRouter, *, described: Sequence[params.Depends]) -> None:
    """`described`: our security schemes, which FastAPI reads off the dependencies of some route."""
    stream = answer("Server-sent events: job, progress, preview.", body=operation.EVENTS)
    add(
        router,
        "GET",
        "/jobs/{job_id}/events",
        watch_job,
        tag="events",
        answers={200: stream, 204: answer("The job has ended and you have seen it.")},
        problems=[operation.NO_JOB],
        headers=[operation.LAST_EVENT_ID],
    )
    add(
        router,
        "GET",
        "/events",
        watch_jobs,
        tag="events",
        answers={200: stream},
        headers=[operation.LAST_EVENT_ID],
        dependencies=described,
    )
