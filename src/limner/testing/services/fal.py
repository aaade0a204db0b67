"""fal's queue."""

from __future__ import annotations

import base64
import hashlib
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from limner.testing.services.calling import CallingService
from limner.testing.services.exchange import Asked, Reply


def _detail(status: int, kind: str, message: str, **headers: str) -> Reply:
    return Reply.json({"detail": [{"loc": ["body"], "msg": message, "type": kind}]}, status, **headers)


KEYS = "/.well-known/jwks.json"


@dataclass
class _Request:
    asked: Mapping[str, Any]
    number: int
    ready_at: float
    end: str


class FalService(CallingService):
    """`cancelled` are the requests that were called off. Its addresses are status_url, response_url, cancel_url, and the
    picture's url. To sign what it delivers, it needs the extra `webhooks`.
    """

    refusals: ClassVar = {
        "unauthorised": Reply.json({"detail": "Cannot access application. Authentication is required."}, 401),
        "out_of_money": Reply.json({"detail": "User is locked. Reason: Exhausted balance."}, 402),
        "rate_limited": Reply.json({"detail": "Too many requests"}, 429, retry_after="1"),
        "rate_limited_silently": Reply.json({"detail": "Too many concurrent requests"}, 429),
        "refused": _detail(422, "content_policy_violation", "The content could not be processed."),
        "bad_parameter": _detail(422, "greater_than", "num_inference_steps must be greater than 0"),
    }
    own_deeds: ClassVar = ("failed", "unfit", "without_picture", "without_addresses")
    lie: ClassVar = {"status": "ERROR", "error": "Runner died", "payload": None}
    webhook_seed = b"seed of the stand-in for fal's 1"

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0) -> None:
        super().__init__(port=port, paint_seconds=paint_seconds)
        self.cancelled: list[str] = []
        self._requests: dict[str, _Request] = {}
        self._numbers = itertools.count(1)

    def purpose(self, method: str, path: str) -> str:
        last = path.rpartition("/")[2]
        if method == "POST":
            return "call"
        if path == "/":
            return "health"
        if path == KEYS:
            return "keys"
        return {"status": "status", "cancel": "cancel", "picture": "picture"}.get(last, "result")

    def allows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == f"Key {self.key}"

    def answer(self, asked: Asked) -> Reply:
        if asked.purpose == "health":
            return Reply(b"fal", 404)
        if asked.purpose == "keys":
            return Reply.json({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": _text(_public(self.webhook_seed))}]})
        if asked.purpose == "call":
            return self._taken(asked)
        found = self._requests.get(asked.path.split("/")[2] if asked.path.count("/") > 1 else "")
        return self._about(found, asked) if found else Reply.json({"detail": "Request not found"}, 404)

    def _about(self, found: _Request, asked: Asked) -> Reply:
        match asked.purpose:
            case "status":
                return self._status(found)
            case "cancel":
                return self._cancelled(found)
            case "picture":
                return Reply(self._painted(found, asked.deed), 200, {"content-type": "image/png"})
        return self._result(found)

    def _taken(self, asked: Asked) -> Reply:
        number = next(self._numbers)
        self._requests[f"r{number}"] = _Request(
            asked.document, number, time.monotonic() + self.paint_seconds, asked.deed
        )
        self.take(asked.document["prompt"], 1, asked.document)
        names = {} if asked.deed == "without_addresses" else self._names(number)
        webhook = parse_qs(urlsplit(asked.path).query).get("fal_webhook", [None])[0]
        self.tell_later(webhook, {"request_id": f"r{number}", "status": "OK", "payload": {"images": []}})
        return Reply.json({"request_id": f"r{number}", "queue_position": 0, **names})

    def signed(self, body: bytes, stamp: int, *, forged: bool) -> Mapping[str, str]:
        facts = {"Request-Id": "r", "User-Id": "u", "Timestamp": str(stamp)}
        message = "\n".join((*facts.values(), hashlib.sha256(body).hexdigest())).encode()
        seed = bytes(32) if forged else self.webhook_seed
        return {f"X-Fal-Webhook-{name}": value for name, value in {**facts, "Signature": _sign(seed, message)}.items()}

    def _names(self, number: int) -> dict[str, str]:
        stem = f"{self.url}/requests/r{number}"
        usual = {"status_url": f"{stem}/status", "response_url": stem, "cancel_url": f"{stem}/cancel"}
        return {name: self.addresses.get(name, url) for name, url in usual.items()}

    def _status(self, found: _Request) -> Reply:
        if time.monotonic() < found.ready_at:
            return Reply.json({"status": "IN_PROGRESS", "logs": None}, 202)
        error = {"error": "Runner died", "error_type": "runner_disconnected"} if found.end == "failed" else {}
        return Reply.json({"status": "COMPLETED", **error})

    def _result(self, found: _Request) -> Reply:
        if found.end == "failed":
            return Reply.json({"detail": "Runner died"}, 500)
        url = self.addresses.get("url", f"{self.url}/requests/r{found.number}/picture")
        images = [] if found.end == "without_picture" else [{"url": url, "content_type": "image/png"}]
        unfit = {"has_nsfw_concepts": [True]} if found.end == "unfit" else {}
        return Reply.json({"images": images, "seed": found.asked.get("seed"), **unfit})

    def _cancelled(self, found: _Request) -> Reply:
        if time.monotonic() >= found.ready_at:
            return Reply.json({"status": "ALREADY_COMPLETED"}, 400)
        self.cancelled.append(f"r{found.number}")
        return Reply.json({"status": "CANCELLATION_REQUESTED"}, 202)

    def _painted(self, found: _Request, deed: str) -> bytes:
        size = found.asked["image_size"]
        return self.picture(size["width"], size["height"], found.asked.get("seed", found.number), deed)


def _private(seed: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - an extra

    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(seed: bytes) -> bytes:
    raw: bytes = _private(seed).public_key().public_bytes_raw()
    return raw


def _sign(seed: bytes, message: bytes) -> str:
    signature: bytes = _private(seed).sign(message)
    return signature.hex()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
