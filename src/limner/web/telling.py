"""What a caller is told of a job or a picture: its bytes, with addresses that work for this caller."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from limner.actions.page import Page
from limner.domain.image import Image
from limner.domain.job import Job
from limner.web.access import Caller
from limner.web.encoding import encode, image_document, job_document
from limner.web.negotiation import header, matches, weak_etag

JSON = "application/json"


def job_response(caller: Caller, job: Job, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    addresses = caller.addresses
    return Response(encode(job_document(job, addresses)), status, headers, JSON)


def created_response(caller: Caller, job: Job, headers: dict[str, str] | None = None) -> Response:
    """202: it is on disk, and here is where to look."""
    location = {"Location": caller.addresses.job(job.id), "Retry-After": "1"}
    return job_response(caller, job, 202, {**location, **(headers or {})})


def image_facts_response(caller: Caller, image: Image) -> Response:
    return Response(encode(image_document(image, caller.addresses)), 200, None, JSON)


def job_page_document(caller: Caller, page: Page[Job]) -> dict[str, Any]:
    addresses = caller.addresses
    return {"items": [job_document(job, addresses) for job in page.items], "next": page.next}


def image_page_document(caller: Caller, page: Page[Image]) -> dict[str, Any]:
    addresses = caller.addresses
    return {"items": [image_document(image, addresses) for image in page.items], "next": page.next}


def tagged_response(caller: Caller, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """With an ETag of what is told; 304 where the caller has just that."""
    told = {"ETag": weak_etag(body), "Cache-Control": "private, no-cache", **(headers or {})}
    if matches(header(caller.request.scope, b"if-none-match"), told["ETag"]):
        return Response(None, 304, told)
    return Response(body, 200, told, JSON)
