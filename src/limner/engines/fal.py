"""fal's queue: calls that are handed in, looked at, and fetched by the addresses that the queue gave."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from limner.contracts.engine import Delivery, OpenCall, PaintTask
from limner.domain.capabilities import Capabilities
from limner.domain.errors import CallFailed, EngineError, RefusedByPolicy, Transient
from limner.engines.hosted.answer import Answer
from limner.engines.hosted.faults import plain, quoting
from limner.engines.hosted.queued import Look, QueuedEngine
from limner.engines.hosted.signatures import CAN_VERIFY_ED25519, Signed, made_with_ed25519, moment_of
from limner.engines.hosted.takes import fields_of

CAPABILITIES = Capabilities(
    min_width=256,
    max_width=2048,
    min_height=256,
    max_height=2048,
    size_multiple=8,
    max_count=8,
    seeds=False,
    formats=("jpeg", "png", "webp"),
    description="A model at fal. Its own parameters go through as options.",
    examples=("a red fox in snow, watercolour",),
)


class Fal(QueuedEngine):
    """`models` are paths such as `fal-ai/flux/dev`; `takes` are the fields they all take. Sizes go as image_size."""

    service = "fal"
    key_variable = "FAL_KEY"
    home = "https://queue.fal.run"
    general = CAPABILITIES
    said = ("prompt", "image_size", "num_images", "sync_mode")
    keys_at = "https://rest.alpha.fal.ai/.well-known/jwks.json"

    def credentials(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Key {key}"}

    def words(self, document: Any) -> Any:
        detail = _detail_of(document)
        return detail.get("msg") if isinstance(detail, dict) else detail

    def fault(self, answer: Answer, charges: bool) -> EngineError:
        detail = _detail_of(answer.document)
        if isinstance(detail, dict) and detail.get("type") == "content_policy_violation":
            return RefusedByPolicy(quoting("The model refuses to paint this", self.spoken(answer.document)))
        return super().fault(answer, charges)

    async def submit(self, task: PaintTask, ordinal: int) -> Any:
        request = task.request
        size = {"width": request.width, "height": request.height}
        fields = {
            "prompt": request.prompt,
            "image_size": size,
            "num_images": 1,
            **fields_of(task, ordinal, self.takes),
        }
        told = {"params": {"fal_webhook": task.webhook.url}} if task.webhook and CAN_VERIFY_ED25519 else {}
        taken = await self.client.call(quote(task.model), json={**fields, **request.options}, **told)
        handle = {name: taken.get(name) for name in ("status_url", "response_url", "cancel_url")}
        if not all(isinstance(url, str) for url in handle.values()):
            raise CallFailed("fal took the call and gave it no addresses.")
        return handle

    async def look(self, handle: Any) -> Look:
        status = await self.client.ask(handle["status_url"])
        if status.get("status") != "COMPLETED":
            return Look()
        try:
            result = await self.client.ask(handle["response_url"])
        except Transient as error:
            if not status.get("error"):
                raise
            raise CallFailed(quoting("fal failed at the call", plain(status["error"]))) from error
        return Look(url=_url_of(result))

    async def cancel(self, call: OpenCall) -> None:
        await self.client.tell("PUT", call.handle["cancel_url"])

    def signed(self, delivery: Delivery) -> Signed | None:
        request, user, stamp, signature = (
            delivery.headers.get(f"x-fal-webhook-{name}", "")
            for name in ("request-id", "user-id", "timestamp", "signature")
        )
        sent_at = moment_of(stamp)
        try:
            given = bytes.fromhex(signature)
        except ValueError:
            return None
        if sent_at is None:
            return None
        message = "\n".join((request, user, stamp, hashlib.sha256(delivery.body).hexdigest())).encode()
        return Signed(sent_at=sent_at, fits=lambda key: made_with_ed25519(key, given, message))

    def keys_in(self, document: Any) -> tuple[bytes, ...]:
        return tuple(_bytes(key["x"]) for key in document["keys"] if key.get("crv") == "Ed25519")


def _url_of(result: Any) -> str:
    unfit, images = result.get("has_nsfw_concepts"), result.get("images")
    if isinstance(unfit, list) and unfit[:1] == [True]:
        raise RefusedByPolicy("The model found its own picture unfit to be shown.")
    first = images[0] if isinstance(images, list) and images else None
    if not isinstance(first, dict) or not first.get("url"):
        raise CallFailed("fal's answer has no picture.")
    return str(first["url"])


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _detail_of(document: Any) -> Any:
    """The first of the model's faults, or the queue's own words."""
    detail = document.get("detail") if isinstance(document, dict) else None
    return detail[0] if isinstance(detail, list) and detail else detail
