"""Ways to ask the painter, for the tests beside it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

from PIL import Image

from limner.contracts.engine import Painted, PaintTask, Progress
from limner.domain.request import ImageRequest
from limner.engines.painter import Painter


def task(prompt: str, size: tuple[int, int] = (96, 96), **more: Any) -> PaintTask:
    ordinals = more.pop("ordinals", (0,))
    previews = more.pop("previews", False)
    facts = {"seed": 7, "count": len(ordinals), "format": "png", **more}
    request = ImageRequest(prompt=prompt, model="painter", width=size[0], height=size[1], **facts)
    return PaintTask(
        job_id="job", request=request, ordinals=ordinals, attempt=1, request_key="k", wants_previews=previews
    )


def strokes(prompt: str, size: tuple[int, int] = (96, 96), **more: Any) -> list[Progress | Painted]:
    async def gather() -> list[Any]:
        return [stroke async for stroke in Painter().paint(task(prompt, size, **more))]

    return asyncio.run(gather())


def painted(prompt: str, size: tuple[int, int] = (96, 96), **more: Any) -> list[Painted]:
    return [stroke for stroke in strokes(prompt, size, **more) if isinstance(stroke, Painted)]


def picture(prompt: str, size: tuple[int, int] = (96, 96), **more: Any) -> Image.Image:
    return Image.open(io.BytesIO(painted(prompt, size, **more)[0].image)).convert("RGB")


def details(prompt: str, **more: Any) -> dict[str, str]:
    return {note.code: note.detail for note in painted(prompt, (64, 64), **more)[0].notes}
