"""What a caller is told of a job or a picture: its bytes, with addresses that work for this caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from limner.actions.page import Page
from limner.domain.image import Image
from limner.domain.input import Input
from limner.domain.job import Job
from limner.web.access import Caller
from limner.web.addresses import Addresses
from limner.web.encoding import encode, image_document, input_document, job_document
from limner.web.negotiation import header, matches, weak_etag


class JsonResponse(Response):
    """Starlette's, without the general case, which costs more than the encoding of a job."""

    def __init__(self, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.status_code, self.body, self.background = status, body, None
        more = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        self.raw_headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *more]


def job_response(caller: Caller, job: Job, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return JsonResponse(encode(job_document(job, caller.addresses)), status, headers)


def created_response(caller: Caller, job: Job, headers: dict[str, str] | None = None) -> Response:
    """202: it is on disk, and here is where to look."""
    told = job_document(job, caller.addresses)
    return JsonResponse(encode(told), 202, {"Location": told["urls"]["self"], "Retry-After": "1", **(headers or {})})


def image_facts_response(caller: Caller, image: Image) -> Response:
    return JsonResponse(encode(image_document(image, caller.addresses)))


def input_response(
    caller: Caller, found: Input, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return JsonResponse(encode(input_document(found, caller.addresses)), status, headers)


def job_etag(job: Job, addresses: Addresses) -> str:
    """The same while only guesses (when it starts, when it ends) change. Signed addresses are part of what is told."""
    facts = (job.event_seq, job.progress.fraction, job.progress.step, addresses.events(job.id))
    return weak_etag(repr(facts).encode())


def job_page_document(caller: Caller, page: Page[Job]) -> dict[str, Any]:
    addresses = caller.addresses
    return {"items": [job_document(job, addresses) for job in page.items], "next": page.next}


def image_page_document(caller: Caller, page: Page[Image]) -> dict[str, Any]:
    addresses = caller.addresses
    return {"items": [image_document(image, addresses) for image in page.items], "next": page.next}


def tagged_response(caller: Caller, body: bytes, headers: dict[str, str] | None = None) -> Response:
    """With an ETag, of the body where `headers` have none; 304 where the caller has just that."""
    told = {"Cache-Control": "private, no-cache", **(headers or {})}
    if "ETag" not in told:
        told["ETag"] = weak_etag(body)
    if matches(header(caller.request.scope, b"if-none-match"), told["ETag"]):
        return Response(None, 304, told)
    return JsonResponse(body, 200, told)
