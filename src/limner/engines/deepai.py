"""DeepAI's text2img: one picture a call, answered when it is painted."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from limner.contracts.engine import Painted, PaintTask, Stroke, Submitted
from limner.domain.capabilities import Capabilities
from limner.domain.errors import BadParameter, CallFailed, EngineError, OutOfMoney
from limner.engines.hosted.answer import Answer
from limner.engines.hosted.engine import HostedEngine, call_for, unpaid
from limner.engines.hosted.faults import quoting
from limner.engines.hosted.price import Cost


def _choice(description: str, *names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names), "description": description}


CAPABILITIES = Capabilities(
    min_width=128,
    max_width=1536,
    min_height=128,
    max_height=1536,
    size_multiple=32,
    default_width=512,
    default_height=512,
    max_count=4,
    formats=("jpeg", "png", "webp"),
    negative_prompt=True,
    seeds=False,
    options={
        "type": "object",
        "properties": {
            "image_generator_version": _choice("The generator.", "standard", "hd", "genius", "super_genius"),
            "genius_preference": _choice("For genius only.", "anime", "photography", "graphic", "cinematic"),
            "resolution": _choice("For super_genius only.", "2k", "4k"),
            "grid_size": _choice("Older generators may put four pictures into one; 1 asks for one.", "1", "2"),
        },
    },
    description="DeepAI's text to image, paid for by the picture.",
    examples=("a red fox in snow, watercolour",),
)


class DeepAI(HostedEngine):
    """The answer names the picture's address: the call's handle, so that a download that fails is not paid for again."""

    service = "DeepAI"
    key_variable = "DEEPAI_API_KEY"

    def __init__(
        self,
        *,
        key: str = "",
        base_url: str = "https://api.deepai.org",
        cost: Cost | None = None,
        timeout: float = 120.0,
        concurrency: int = 50,
    ) -> None:
        super().__init__(CAPABILITIES, key=key, base_url=base_url, cost=cost, timeout=timeout, concurrency=concurrency)

    def credentials(self, key: str) -> Mapping[str, str]:
        return {"api-key": key}

    def words(self, document: Any) -> Any:
        return (document.get("err") or document.get("status")) if isinstance(document, dict) else None

    def fault(self, answer: Answer, charges: bool) -> EngineError:
        return self._told(answer.document) or super().fault(answer, charges)

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        for call in task.resume:
            yield await self._fetched(call.ordinals, call.handle)
        for ordinals in unpaid(task):
            yield self.submitting(task, ordinals)
            with call_for(ordinals):
                handle = {"output_url": await self._call(task)}
            yield Submitted(ordinals=ordinals, handle=handle)
            yield await self._fetched(ordinals, handle)

    async def _call(self, task: PaintTask) -> str:
        """The address of the picture. A failure may come with any status, 200 among them."""
        request = task.request
        fields = {"text": request.prompt, "width": str(request.width), "height": str(request.height), **request.options}
        if request.negative_prompt:
            fields["negative_prompt"] = request.negative_prompt
        document = await self.client.call("api/text2img", files={name: (None, text) for name, text in fields.items()})
        if isinstance(url := document.get("output_url"), str):
            return url
        raise self._told(document) or CallFailed("DeepAI answered without a picture.")

    async def _fetched(self, ordinals: tuple[int, ...], handle: Any) -> Painted:
        with call_for(ordinals):
            return Painted(ordinal=ordinals[0], image=await self.client.fetch(handle["output_url"]))

    def _told(self, document: Any) -> EngineError | None:
        """What its documents say in words only."""
        words = self.spoken(document)
        if "out of api credits" in words.lower():
            return OutOfMoney()
        if isinstance(document, dict) and document.get("err"):
            return BadParameter(quoting("DeepAI does not accept the request", words))
        return None
