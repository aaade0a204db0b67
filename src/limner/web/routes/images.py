"""Pictures: asked for, found, seen, hidden and brought back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from limner.actions.delete_image import delete_image as delete
from limner.actions.find_image import find_image
from limner.actions.list_images import list_images as list_them
from limner.actions.read_image import Converted, Original, Thumbnail, Variant
from limner.actions.restore_image import restore_image as restore
from limner.actions.submit_job import fingerprint, submit_job
from limner.contracts.repository import Idempotency, Submission
from limner.domain.job import Job, JobState
from limner.web import operation
from limner.web.access import Caller, MayReadImages, MaySeeImage, MayWriteImages, MayWriteJobs
from limner.web.asking import read_ask
from limner.web.encoding import encode
from limner.web.errors import JobEndedWithoutImage
from limner.web.idempotency import idempotency_key, replayed
from limner.web.late import LateResponse
from limner.web.negotiation import accepted_picture, header, preferred_wait
from limner.web.operation import add, answer
from limner.web.routes.jobs import Cursor, Limit
from limner.web.schemas import LimnerAsk, LimnerImage, LimnerImagePage, LimnerJob
from limner.web.serving import image_response
from limner.web.telling import (
    created_response,
    image_facts_response,
    image_page_document,
    job_response,
    tagged_response,
)
from limner.web.waiting import wait_for


async def create_images(caller: MayWriteJobs) -> Response:
    """Asks for pictures: a job, durable when you read this. `Prefer: wait=N` waits for it; with `Accept: image/*` the
    first picture itself is the answer.
    """
    scope = caller.request.scope
    ask = await read_ask(caller.request, caller.assembly.models)
    key = idempotency_key(scope)
    submission = await submit_job(
        ask,
        caller.principal.user_id,
        idempotency=None if key is None else Idempotency(key=key, fingerprint=fingerprint(ask)),
        needs=caller.assembly.submit_needs,
    )
    seconds = preferred_wait(scope)
    if seconds:
        return LateResponse(lambda: _wait_and_tell(caller, submission, seconds))
    return created_response(caller, submission.job, replayed(submission))


async def _wait_and_tell(caller: Caller, submission: Submission, seconds: int) -> Response:
    job = await wait_for(caller, submission.job, until=lambda seen: seen.state.final, seconds=seconds)
    headers = {"Preference-Applied": f"wait={seconds}", "Vary": "Accept", **replayed(submission)}
    if not job.state.final:
        return created_response(caller, job, headers)
    wanted = accepted_picture(header(caller.request.scope, b"accept"), job.request.format)
    if wanted is None:
        return job_response(caller, job, 200, {"Location": caller.addresses.job(job.id), **headers})
    return await _picture(caller, job, wanted, headers)


async def _picture(caller: Caller, job: Job, wanted: str, headers: dict[str, str]) -> Response:
    """The first picture, or why there is none."""
    image = next((image for image in job.images if image.deleted_at is None), None)
    if image is None:
        raise _no_picture(caller, job)
    response = await _content(caller, image.id, Converted(wanted) if wanted != image.format else Original())
    for name, value in {"Location": caller.addresses.job(job.id), "Cache-Control": "no-store", **headers}.items():
        response.headers[name] = value
    return response


def _no_picture(caller: Caller, job: Job) -> JobEndedWithoutImage:
    where = {"job": caller.addresses.job(job.id)}
    if job.error is not None:
        return JobEndedWithoutImage(job.error.detail, code=job.error.code, title=job.error.title, **where)
    if job.state is JobState.CANCELLED:
        return JobEndedWithoutImage("The job was cancelled.", code="cancelled", title="Cancelled", **where)
    return JobEndedWithoutImage("Its pictures were deleted.", code="deleted", title="Deleted", **where)


async def list_images(caller: MayReadImages, limit: Limit = 50, cursor: Cursor = None) -> Response:
    """The caller's pictures, newest first."""
    page = await list_them(caller.principal, cursor=cursor, limit=limit, repository=caller.repository)
    return tagged_response(caller, encode(image_page_document(caller, page)))


async def get_image(caller: MayReadImages, image_id: str) -> Response:
    """Facts about a picture."""
    return image_facts_response(caller, await find_image(image_id, caller.principal, repository=caller.repository))


async def get_image_content(
    caller: MaySeeImage,
    image_id: str,
    format: Annotated[  # noqa: A002 - the wire's word
        Literal["png", "jpeg", "webp"] | None, Query(description="Converted, where it was kept in another format.")
    ] = None,
    redirect: Annotated[
        Literal["false"] | None,
        Query(description="From here, also where the operator lets the storage serve pictures."),
    ] = None,
) -> Response:
    """The picture."""
    variant = Original() if format is None else Converted(format)
    return await _content(caller, image_id, variant, redirect=caller.redirect if redirect is None else None)


async def get_image_thumbnail(caller: MaySeeImage, image_id: str, size: Literal["256", "512", "1024"]) -> Response:
    """A WebP that fits into size × size."""
    return await _content(caller, image_id, Thumbnail(int(size)))


async def _content(caller: Caller, image_id: str, variant: Variant, *, redirect: timedelta | None = None) -> Response:
    image = await find_image(image_id, caller.principal, repository=caller.repository)
    assembly = caller.assembly
    return await image_response(
        caller.request,
        image,
        variant,
        storage=assembly.storage,
        codec=assembly.codec,
        cache=caller.door.pictures,
        redirect=redirect,
        accel_redirect=assembly.settings.accel_redirect,
    )


async def delete_image(caller: MayWriteImages, image_id: str) -> Response:
    """Hidden at once; for ten minutes it can be brought back, then its bytes go."""
    assembly = caller.assembly
    await delete(image_id, caller.principal, repository=assembly.repository, notifier=assembly.notifier)
    return Response(None, 204)


async def restore_image(caller: MayWriteImages, image_id: str) -> Response:
    """Brings back a picture that was deleted in the last ten minutes."""
    assembly = caller.assembly
    image = await restore(image_id, caller.principal, repository=assembly.repository, notifier=assembly.notifier)
    return image_facts_response(caller, image)


def add_submit_route(router: APIRouter) -> None:
    """Apart from the others, so that it can be the first to be matched."""
    add(
        router,
        "POST",
        "/images",
        create_images,
        tag="images",
        answers={
            202: answer(
                "Queued, durably.",
                LimnerJob,
                headers=["Location", "Retry-After", "Idempotent-Replayed"],
                links=operation.JOB_LINKS,
            ),
            200: answer(
                "Finished in time; the picture itself where Accept names it.",
                LimnerJob,
                headers=["Location", "Preference-Applied", "Idempotent-Replayed"],
                content=operation.PICTURES,
                links=operation.JOB_LINKS,
            ),
        },
        problems=[*operation.BODY, *operation.SUBMITTING, *operation.NO_PICTURE],
        headers=[operation.IDEMPOTENCY_KEY, operation.PREFER, operation.ACCEPT],
        body=operation.json_body(LimnerAsk),
    )


def add_image_routes(router: APIRouter) -> None:
    _add_reading(router)
    facts = answer("Facts about the picture.", LimnerImage)
    add(
        router,
        "DELETE",
        "/images/{image_id}",
        delete_image,
        tag="images",
        answers={204: answer("It is hidden.")},
        problems=[operation.NO_IMAGE],
    )
    add(
        router,
        "POST",
        "/images/{image_id}/restore",
        restore_image,
        tag="images",
        answers={200: facts},
        problems=[operation.NO_IMAGE],
    )


def _add_reading(router: APIRouter) -> None:
    add(
        router,
        "GET",
        "/images/{image_id}/content",
        get_image_content,
        tag="images",
        answers={**operation.BYTES, 307: answer("It is in the storage, where the operator lets that serve pictures.")},
        problems=[operation.NO_IMAGE, operation.BAD_FORMAT],
        head=True,
    )
    add(
        router,
        "GET",
        "/images/{image_id}/thumbnail/{size}",
        get_image_thumbnail,
        tag="images",
        answers={
            200: answer("The bytes.", headers=["ETag"], content=["image/webp"]),
            **{k: operation.BYTES[k] for k in (206, 304, 416)},
        },
        problems=[operation.NO_IMAGE, operation.BAD_FORMAT],
        head=True,
    )
    add(
        router,
        "GET",
        "/images/{image_id}",
        get_image,
        tag="images",
        answers={200: answer("Facts about the picture.", LimnerImage)},
        problems=[operation.NO_IMAGE],
    )
    add(
        router,
        "GET",
        "/images",
        list_images,
        tag="images",
        answers={
            200: answer("A page of pictures.", LimnerImagePage, headers=["ETag"]),
            304: answer("Nothing has changed."),
        },
        problems=[operation.BAD_CURSOR, operation.BAD_QUERY],
        headers=[operation.IF_NONE_MATCH],
    )
