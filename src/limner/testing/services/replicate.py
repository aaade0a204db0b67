"""Replicate's predictions."""

from __future__ import annotations

import base64
import hmac
import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from limner.testing.services.calling import CallingService
from limner.testing.services.exchange import Asked, Reply

PREDICTIONS = "/v1/predictions"
STATUS = {"failed": "failed", "refused_later": "failed", "cancelled": "canceled"}
ERRORS = {"failed": "CUDA out of memory", "refused_later": "NSFW content detected. Try another prompt."}


def _problem(status: int, detail: str, **headers: str) -> Reply:
    return Reply.json({"title": "Problem", "detail": detail, "status": status}, status, **headers)


@dataclass
class _Prediction:
    asked: Mapping[str, Any]
    number: int
    ready_at: float
    end: str
    began: float = field(default_factory=time.monotonic)

    def document(self, output: str) -> dict[str, Any]:
        done = time.monotonic() >= self.ready_at
        share = min(1.0, (time.monotonic() - self.began) / max(self.ready_at - self.began, 1e-9))
        return {
            "id": f"p{self.number}",
            "status": STATUS.get(self.end, "succeeded") if done else "processing",
            "logs": f" {round(100 * share)}%|####      | 4/8",
            "output": [output] if done and not self.end else None,
            "error": ERRORS.get(self.end),
        }


class ReplicateService(CallingService):
    """`cancelled` are the predictions that were called off. Its pictures' addresses are the `output`."""

    refusals: ClassVar = {
        "unauthorised": _problem(401, "You did not pass a valid authentication token"),
        "out_of_money": _problem(402, "You have insufficient credit to run this model."),
        "rate_limited": _problem(429, "Request was throttled. Your rate limit resets in ~30s."),
        "rate_limited_in_header": _problem(429, "Request was throttled.", retry_after="1"),
        "bad_parameter": _problem(422, "- input.steps: Must be less than or equal to 4"),
        "unknown_model": _problem(404, "The requested resource could not be found."),
    }
    own_deeds: ClassVar = ("failed", "refused_later", "without_picture", "without_id")
    lie: ClassVar = {"status": "failed", "error": "NSFW content detected."}
    webhook_secret = b"whsec-of-the-stand-in-for-replicate"

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0) -> None:
        super().__init__(port=port, paint_seconds=paint_seconds)
        self.cancelled: list[str] = []
        self._predictions: dict[str, _Prediction] = {}
        self._numbers = itertools.count(1)

    def purpose(self, method: str, path: str) -> str:
        if method == "POST":
            return "cancel" if path.endswith("/cancel") else "call" if path.endswith("predictions") else ""
        if path == "/v1/account":
            return "health"
        if path == "/v1/webhooks/default/secret":
            return "keys"
        return "status" if path.startswith(PREDICTIONS) else "picture" if path.startswith("/files/") else ""

    def allows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("authorization") == f"Bearer {self.key}"

    def answer(self, asked: Asked) -> Reply:
        match asked.purpose:
            case "health":
                return Reply.json({"type": "organization"})
            case "keys":
                return Reply.json({"key": f"whsec_{base64.b64encode(self.webhook_secret).decode()}"})
            case "call":
                return self._created(asked)
        found = self._predictions.get(asked.path.removesuffix("/cancel").rpartition("/")[2])
        if found is None:
            return self.refusals["unknown_model"]
        if asked.purpose == "picture":
            return Reply(self._painted(found, asked.deed), 200, {"content-type": "image/png"})
        if asked.purpose == "cancel":
            self.cancelled.append(f"p{found.number}")
            found.end, found.ready_at = "cancelled", 0.0
        return Reply.json(found.document(self._url_of(found)))

    def _created(self, asked: Asked) -> Reply:
        given = asked.document["input"]
        number = next(self._numbers)
        made = _Prediction(given, number, time.monotonic() + self.paint_seconds, asked.deed)
        self._predictions[f"p{number}"] = made
        self.take(given["prompt"], 1, given)
        document = made.document(self._url_of(made)) | {"status": "starting", "output": None}
        if asked.deed == "without_id":
            del document["id"]
        self.tell_later(asked.document.get("webhook"), document | {"status": "succeeded"})
        return Reply.json(document, 201)

    def signed(self, body: bytes, stamp: int, *, forged: bool) -> Mapping[str, str]:
        name = f"msg_{stamp}"
        secret = b"another secret" if forged else self.webhook_secret
        seal = hmac.digest(secret, f"{name}.{stamp}.".encode() + body, "sha256")
        signature = f"v1,{base64.b64encode(seal).decode()}"
        return {"webhook-id": name, "webhook-timestamp": str(stamp), "webhook-signature": signature}

    def _url_of(self, prediction: _Prediction) -> str:
        return self.addresses.get("output") or f"{self.url}/files/p{prediction.number}"

    def _painted(self, prediction: _Prediction, deed: str) -> bytes:
        given = prediction.asked
        size = (given.get("width", 64), given.get("height", 64))
        return self.picture(*size, given.get("seed", prediction.number), deed)
