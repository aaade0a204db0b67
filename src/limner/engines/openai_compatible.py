"""Servers that speak OpenAI's Images API at the operator's address: LocalAI, sglang, vLLM-Omni, LiteLLM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from limner.contracts.engine import PaintTask
from limner.domain.capabilities import Capabilities
from limner.engines.hosted.price import Cost
from limner.engines.hosted.takes import fields_of, with_takes
from limner.engines.openai import GPT_INPUTS
from limner.engines.openai_images import PICTURES_PER_CALL, OpenAIImages

CAPABILITIES = Capabilities(
    size_multiple=8,
    seeds=False,
    description="A server that speaks OpenAI's Images API. Its own parameters go through as options.",
)
SAID = ("model", "prompt", "n", "size", "response_format", "stream")
"""What the adapter writes itself: an option would change what is paid for."""


class OpenAICompatible(OpenAIImages):
    """`takes` are fields that the server knows beside OpenAI's; with `edits` it paints over pictures, too."""

    service = "The server"
    key_variable = "IMAGE_SERVER_KEY"
    needs_key = False

    def __init__(
        self,
        *,
        base_url: str,
        models: Sequence[str],
        key: str = "",
        takes: Sequence[str] = (),
        edits: bool = False,
        cost: Cost | None = None,
        timeout: float = 600.0,
        concurrency: int = 50,
    ) -> None:
        capabilities = replace(with_takes(CAPABILITIES, takes, models, said=SAID), inputs=GPT_INPUTS if edits else {})
        super().__init__(capabilities, key=key, base_url=base_url, cost=cost, timeout=timeout, concurrency=concurrency)
        self._takes = takes

    def pictures_per_call(self, _: PaintTask) -> int:
        """A call has one seed, and each picture has its own."""
        return 1 if "seed" in self._takes else PICTURES_PER_CALL

    def fields(self, task: PaintTask, ordinals: tuple[int, ...]) -> dict[str, Any]:
        fields = super().fields(task, ordinals) | {"response_format": "b64_json"}
        fields.pop("output_format", None)
        return {**fields, **fields_of(task, ordinals[0], self._takes), **task.request.options}
