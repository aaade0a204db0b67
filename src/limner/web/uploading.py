"""A request's body becomes the bytes of one picture: sent as it is, or as the one file of a form."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import Request

from limner.domain.errors import FieldError, InvalidRequest
from limner.web.asking import read_body
from limner.web.errors import UnsupportedMediaType
from limner.web.negotiation import header

FORM = "multipart/form-data"
FORM_ROOM = 16 * 1024
"""Bytes that a form may take beside its file."""


async def read_upload(request: Request, limit: int) -> bytes:
    """Raises TooLarge, UnsupportedMediaType, InvalidRequest."""
    media_type = (header(request.scope, b"content-type") or "").partition(";")[0].strip().lower()
    if media_type == FORM:
        return await _file_in(request, await read_body(request, limit + FORM_ROOM))
    if media_type.startswith("image/") or media_type == "application/octet-stream":
        return await read_body(request, limit)
    raise UnsupportedMediaType("Send a PNG, JPEG or WebP as it is, or a form (multipart/form-data) with one file.")


async def _file_in(request: Request, body: bytes) -> bytes:
    """The body is read by now, so that its size is known before anything is parsed."""
    if not body.rstrip().endswith(b"--"):
        raise _no_form("The form is cut short.")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    # A scope without the application, or Starlette answers by itself.
    form = Request({"type": "http", "headers": request.scope["headers"]}, receive)
    try:
        async with form.form(max_files=1, max_fields=0) as fields:
            files = [value for value in fields.values() if isinstance(value, UploadFile)]
            return await files[0].read() if files else _no_file()
    except MultiPartException as error:
        raise _no_form(f"The form cannot be read: {error.message}") from error


def _no_file() -> bytes:
    raise _no_form("The form holds no file.")


def _no_form(detail: str) -> InvalidRequest:
    return InvalidRequest([FieldError("", "bad_form", f"{detail} Send one file and nothing else.")])
