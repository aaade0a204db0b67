"""DeepAI, as far as it is known: docs/engines.md says what is not."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import ClassVar

from limner.testing.services.exchange import Asked, Reply
from limner.testing.services.service import HostedService


class DeepAIService(HostedService):
    """Answers a call with the address of its picture, `output_url`."""

    refusals: ClassVar = {
        "unauthorised": Reply.json({"status": 'Please pass a valid Api-Key in a HTTP header called "Api-Key"'}, 401),
        "out_of_money": Reply.json({"status": "Out of API credits - please enter payment info in your dashboard"}, 401),
        "payment_required": Reply.json({"status": "APIs are only available for Pro members in good standing"}, 402),
        "bad_parameter": Reply.json({"err": "error processing given inputs from request"}, 400),
        "bad_parameter_in_200": Reply.json({"err": "error processing given inputs from request"}),
        "rate_limited": Reply.json({"status": "Too many requests"}, 429, retry_after="1"),
        "rate_limited_silently": Reply.json({}, 429),
    }

    def __init__(self, *, port: int = 0, paint_seconds: float = 0.0) -> None:
        super().__init__(port=port, paint_seconds=paint_seconds)
        self._pictures: dict[str, tuple[int, int, int]] = {}
        self._numbers = itertools.count(1)

    def purpose(self, method: str, path: str) -> str:
        if method == "POST":
            return "call" if path == "/api/text2img" else ""
        return "picture" if path in self._pictures else "health" if path == "/" else ""

    def allows(self, headers: Mapping[str, str]) -> bool:
        return headers.get("api-key") == self.key

    def answer(self, asked: Asked) -> Reply:
        if asked.purpose == "health":
            return Reply(b"DeepAI")
        if asked.purpose == "picture":
            return Reply(self.picture(*self._pictures[asked.path], asked.deed), 200, {"content-type": "image/png"})
        fields = {name: values[-1].decode() for name, values in asked.form.items()}
        number = next(self._numbers)
        path = f"/job-view-file/{number}/outputs/output.png"
        self._pictures[path] = (int(fields.get("width", 512)), int(fields.get("height", 512)), number)
        self.take(fields["text"], 1, fields)
        self.sleep()
        return Reply.json({"id": str(number), "output_url": self.addresses.get("output_url", f"{self.url}{path}")})
