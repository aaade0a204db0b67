"""Replicate: predictions that are handed in, looked at, and fetched within the hour in which their files exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from limner.contracts.engine import Delivery, OpenCall, PaintTask
from limner.domain.capabilities import Capabilities
from limner.domain.errors import CallFailed, EngineError, RefusedByPolicy
from limner.engines.hosted.faults import plain, quoting
from limner.engines.hosted.queued import Look, QueuedEngine
from limner.engines.hosted.signatures import Signed
from limner.engines.hosted.standard_webhooks import secret_in, signed_as_standard
from limner.engines.hosted.takes import fields_of

CAPABILITIES = Capabilities(
    sizes=((1024, 1024),),
    max_count=8,
    seeds=False,
    formats=("webp", "png", "jpeg"),
    description="A model at Replicate. Its own inputs go through as options.",
    examples=("a red fox in snow, watercolour",),
)
FORMATS = {"jpeg": "jpg"}
REFUSAL = re.compile(r"nsfw|safety|flagged|sensitive|moderat", re.IGNORECASE)
PERCENT = re.compile(r"(\d{1,3})%\|")
"""As tqdm writes it: the only progress there is."""


class Replicate(QueuedEngine):
    """`models` are `owner/name`, `owner/name:version` or `deployments/owner/name`; `takes` are the fields they all take."""

    service = "Replicate"
    key_variable = "REPLICATE_API_TOKEN"
    health_path = "v1/account"
    home = "https://api.replicate.com"
    general = CAPABILITIES
    said = ("prompt", "num_outputs")
    keys_at = "v1/webhooks/default/secret"

    def credentials(self, key: str) -> Mapping[str, str]:
        return {"authorization": f"Bearer {key}"}

    def words(self, document: Any) -> Any:
        return (document.get("detail") or document.get("title")) if isinstance(document, dict) else None

    async def submit(self, task: PaintTask, ordinal: int) -> Any:
        fields = fields_of(task, ordinal, self.takes)
        if "output_format" in fields:
            fields["output_format"] = FORMATS.get(fields["output_format"], fields["output_format"])
        asked: dict[str, Any] = {"input": {"prompt": task.request.prompt, **fields, **task.request.options}}
        if task.webhook:
            asked |= {"webhook": task.webhook.url, "webhook_events_filter": ["completed"]}
        path, version = _place_of(task.model)
        taken = await self.client.call(path, json=asked | version)
        if not isinstance(taken.get("id"), str):
            raise CallFailed("Replicate took the call and gave it no id.")
        return {"id": taken["id"]}

    async def look(self, handle: Any) -> Look:
        prediction = await self.client.ask(_path_of(handle))
        match prediction.get("status"):
            case "succeeded":
                return Look(url=_first_url(prediction.get("output")))
            case "failed" | "canceled" | "aborted" as status:
                raise self._end_of(status, plain(prediction.get("error")))
        percents = PERCENT.findall(str(prediction.get("logs") or ""))
        return Look(percent=min(int(percents[-1]), 99) if percents else 0)

    async def cancel(self, call: OpenCall) -> None:
        await self.client.tell("POST", f"{_path_of(call.handle)}/cancel")

    def signed(self, delivery: Delivery) -> Signed | None:
        return signed_as_standard(delivery)

    def keys_in(self, document: Any) -> tuple[bytes, ...]:
        return (secret_in(document["key"]),)

    def _end_of(self, status: str, words: str) -> EngineError:
        if REFUSAL.search(words):
            return RefusedByPolicy(quoting("The model refuses to paint this", words))
        return CallFailed(quoting(f"Replicate's prediction ended as {status}", words))


def _path_of(handle: Any) -> str:
    return f"v1/predictions/{quote(handle['id'], safe='')}"


def _place_of(model: str) -> tuple[str, dict[str, str]]:
    """The path for a model and what it needs beside the input."""
    name, _, version = model.partition(":")
    if version:
        return "v1/predictions", {"version": version}
    kind, name = ("deployments", name.partition("/")[2]) if name.startswith("deployments/") else ("models", name)
    return f"v1/{kind}/{quote(name)}/predictions", {}


def _first_url(output: Any) -> str:
    url = next(iter(output), None) if isinstance(output, list) else output
    if not isinstance(url, str):
        raise CallFailed("Replicate's prediction has no picture.")
    return url
