"""A request's body becomes an Ask: every fault in it is found at once and named in the caller's own words."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import orjson
from starlette.requests import Request

from limner.actions.models import Models
from limner.domain.errors import FieldError, InvalidRequest
from limner.domain.request import Ask
from limner.domain.wording import nearest, shown
from limner.web.errors import MalformedJson, TooLarge, UnsupportedMediaType
from limner.web.negotiation import header

MEBIBYTE = 1024 * 1024
BODY_LIMIT = MEBIBYTE

FIELDS = frozenset(field.name for field in fields(Ask)) - {"priority"}
WHOLE = ("width", "height", "count", "seed", "steps")

ELSEWHERE = {
    "n": "count",
    "num_images": "count",
    "num_outputs": "count",
    "size": "width and height",
    "image_size": "width and height",
    "num_inference_steps": "steps",
    "guidance_scale": "guidance",
    "cfg_scale": "guidance",
    "output_format": "format",
    "images": "inputs",
    "image": "inputs",
    "image_url": "inputs",
    "init_image": "inputs",
    "input_image": "inputs",
    "mask": "inputs",
    "mask_url": "inputs",
    "denoising_strength": "strength",
    "image_strength": "strength",
    "prompt_strength": "strength",
    "engine": "model",
}
"""Names that people bring from other services, and ours."""


async def read_ask(request: Request, models: Models) -> Ask:
    """Raises MalformedJson, TooLarge, UnsupportedMediaType, InvalidRequest."""
    require_json(request)
    body = await read_body(request)
    return ask_of(parse_object(body), models)


def require_json(request: Request) -> None:
    media_type, _, parameters = (header(request.scope, b"content-type") or "").lower().partition(";")
    if media_type.strip() != "application/json" or ("charset=" in parameters and "utf-8" not in parameters):
        raise UnsupportedMediaType


async def read_body(request: Request, limit: int = BODY_LIMIT) -> bytes:
    """Stops reading above `limit` bytes, and before the first byte where the length is announced."""
    announced = header(request.scope, b"content-length") or ""
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    first = await request.receive()
    if not first.get("more_body"):
        body: bytes = first.get("body", b"")
    else:
        body = await _read_on(request, bytearray(first.get("body", b"")), limit)
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> TooLarge:
    shown_limit = f"{limit // MEBIBYTE} MiB" if limit % MEBIBYTE == 0 else f"{limit} bytes"
    return TooLarge(f"The limit is {shown_limit}.", maximum=limit)


async def _read_on(request: Request, body: bytearray, limit: int) -> bytes:
    more = True
    while more and len(body) <= limit:
        message = await request.receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return bytes(body)


def parse_object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        value = _parse_leniently(body, error)
    if not isinstance(value, dict):
        raise InvalidRequest([FieldError("", "wrong_type", 'The body must be a JSON object, such as {"prompt": "…"}.')])
    return value


def _parse_leniently(body: bytes, error: orjson.JSONDecodeError) -> Any:
    """Half characters, NaN and endless numbers are syntax to orjson; the caller is told the field instead."""
    place = f"line {error.lineno}, column {error.colno}"
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedJson(f"The body is not JSON: {place}.", line=error.lineno, column=error.colno) from None


def ask_of(body: dict[str, Any], models: Models) -> Ask:
    if FIELDS.issuperset(body):
        return _ask(body)
    unknown = [_unknown(name) for name in body if name not in FIELDS]
    raise InvalidRequest([*_faults(_ask(body), models), *unknown])


def _ask(body: dict[str, Any]) -> Ask:
    """Nulls are absent; types are checked with everything else, where the model is known."""
    given = {name: value for name, value in body.items() if value is not None and name in FIELDS}
    given.setdefault("prompt", "")
    for name in WHOLE:
        # JSON has one kind of number: 512.0 and 1e3 are whole.
        if isinstance(value := given.get(name), float) and value.is_integer():
            given[name] = int(value)
    return Ask(**given)


def _faults(ask: Ask, models: Models) -> tuple[FieldError, ...]:
    try:
        models.resolve(ask)
    except InvalidRequest as error:
        return error.errors
    return ()


def _unknown(name: str) -> FieldError:
    ours = ELSEWHERE.get(name) or nearest(name, FIELDS)
    hint = f"; did you mean {ours}?" if ours else "."
    return FieldError(f"/{pointer_part(name)}", "unknown_field", f"There is no field {shown(name)}{hint}")


def pointer_part(name: str) -> str:
    """One token of a JSON pointer (RFC 6901)."""
    token = name.replace("~", "~0").replace("/", "~1")
    return token.encode(errors="replace").decode()
