"""OpenAI's Images API."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from limner.testing.services.exchange import Asked, Reply
from limner.testing.services.service import HostedService


def _error(status: int, code: str | None, kind: str, message: str, **headers: str) -> Reply:
    error = {"message": message, "type": kind, "param": None, "code": code}
    return Reply.json({"error": error}, status, **headers)


class OpenAIService(HostedService):
    """`by_address`: pictures come by their `url`, as from servers that speak this API."""

    refusals: ClassVar = {
        "unauthorised": _error(401, "invalid_api_key", "invalid_request_error", "Incorrect API key provided."),
        "unverified": _error(403, None, "invalid_request_error", "Your organization must be verified."),
        "rate_limited": _error(429, "rate_limit_exceeded", "requests", "Limit 5 / min.", retry_after="1"),
        "rate_limited_finely": _error(429, "slow_down", "requests", "Slow down.", retry_after_ms="300"),
        "rate_limited_until": _error(429, None, "requests", "Later.", retry_after="Wed, 21 Oct 2099 07:28:00 GMT"),
        "out_of_money": _error(429, "credit_balance_exhausted", "insufficient_quota", "You have no credit."),
        "out_of_money_formerly": _error(429, "insufficient_quota", "insufficient_quota", "You exceeded your quota."),
        "limit_reached": _error(400, "billing_hard_limit_reached", "invalid_request_error", "Billing hard limit."),
        "refused": _error(400, "moderation_blocked", "image_generation_user_error", "The safety system said no."),
        "refused_formerly": _error(400, "content_policy_violation", "invalid_request_error", "The prompt was refused."),
        "bad_parameter": _error(400, "invalid_value", "invalid_request_error", "Invalid size."),
        "unknown_model": _error(404, "model_not_found", "invalid_request_error", "The model does not exist."),
        "queue_full": Reply.json({"error": "job queue is full"}, 429),
        "detail": Reply.json({"detail": [{"loc": ["body", "size"], "msg": "size is odd", "type": "value_error"}]}, 422),
    }
    own_deeds: ClassVar = ("fewer", "cut_stream", "error_in_stream")

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0, by_address: bool = False) -> None:
        super().__init__(port=port, paint_seconds=paint_seconds)
        self._by_address = by_address
        self._pictures: dict[str, tuple[int, int, int]] = {}
        self._numbers = itertools.count(1)

    def purpose(self, method: str, path: str) -> str:
        if method == "POST":
            return "call" if path in {"/v1/images/generations", "/v1/images/edits"} else ""
        return "picture" if path in self._pictures else "health" if path == "/v1/models" else ""

    def allows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self.key}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1"

    def answer(self, asked: Asked) -> Reply:
        if asked.purpose == "health":
            return Reply.json({"object": "list", "data": []})
        if asked.purpose == "picture":
            return Reply(self.picture(*self._pictures[asked.path], asked.deed), 200, {"content-type": "image/png"})
        fields = _fields_of(asked)
        self.take(fields["prompt"], int(fields["n"]), fields)
        self.sleep()
        pictures = [self._picture_of(fields, asked.deed) for _ in range(int(fields["n"]) - (asked.deed == "fewer"))]
        if fields.get("stream") in {True, "true"}:
            return Reply(b"".join(_stream(fields, pictures[0], asked)), 200, {"content-type": "text/event-stream"})
        return Reply.json({"created": 1, "data": pictures, "usage": {"total_tokens": 1}})

    def _picture_of(self, fields: Mapping[str, Any], deed: str) -> dict[str, str]:
        number = next(self._numbers)
        width, _, height = fields["size"].partition("x")
        size = (int(width), int(height), int(fields.get("seed", number)))
        if self._by_address:
            path = f"/generated-images/{number}.png"
            self._pictures[path] = size
            return {"url": self.addresses.get("url", f"{self.url}{path}")}
        return {"b64_json": base64.b64encode(self.picture(*size, deed)).decode()}


def _fields_of(asked: Asked) -> dict[str, Any]:
    """Of JSON, or of a form: its pictures as their numbers of bytes."""
    if asked.headers.get("content-type", "").startswith("application/json"):
        return dict(asked.document)
    form = asked.form
    files = {name: [len(value) for value in form[name]] for name in ("image", "image[]", "mask") if name in form}
    return {name: values[-1].decode() for name, values in form.items() if name not in files} | files


def _stream(fields: Mapping[str, Any], picture: Mapping[str, str], asked: Asked) -> Iterator[bytes]:
    kind = "image_edit" if asked.path.endswith("edits") else "image_generation"
    for index in range(int(fields["partial_images"])):
        yield _event({"type": f"{kind}.partial_image", "partial_image_index": index, **picture})
    if asked.deed == "error_in_stream":
        yield _event({"type": "error", "error": {"code": "server_error", "message": "The server had an error."}})
    elif asked.deed != "cut_stream":
        yield _event({"type": f"{kind}.completed", **picture, "usage": {"total_tokens": 1}})


def _event(document: Mapping[str, Any]) -> bytes:
    return f"event: {document['type']}\ndata: {json.dumps(document)}\n\n".encode()
