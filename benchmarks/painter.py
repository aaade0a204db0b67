"""The built-in painter alone: median of nine paints a size, previews included, in one process."""

from __future__ import annotations

import asyncio
import math
import statistics
import time

from report import Row

from limner.contracts.engine import PaintTask
from limner.domain.request import ImageRequest
from limner.engines.painter import Painter

SIZES = (256, 768, 1024, 2048)
FLOORS = {256: math.inf, 768: 1.0, 1024: math.inf, 2048: math.inf}
PROMPTS = (
    "an astronaut riding a horse",
    "three red boats on a calm sea at sunset, watercolour",
    "a red fox in snow",
    "a city skyline at night",
    "a village in the mountains at dawn",
    "colourful fish and a turtle underwater",
    "a dragon above a castle, oil painting",
    "a dozen sunflowers in a field",
    "a cat on a book",
)


async def paint(prompt: str, size: int) -> float:
    request = ImageRequest(prompt=prompt, model="painter", width=size, height=size, count=1, seed=7, format="png")
    task = PaintTask(job_id="bench", request=request, ordinals=(0,), attempt=1, request_key="bench")
    start = time.perf_counter()
    async for _ in Painter().paint(task):
        pass
    return time.perf_counter() - start


def measure(size: int) -> list[float]:
    return [asyncio.run(paint(prompt, size)) for prompt in PROMPTS]


def rows() -> list[Row]:
    measure(64)
    seconds = {size: statistics.median(measure(size)) for size in SIZES}
    return [
        Row(
            f"a {size} px picture by the painter, s",
            taken,
            None,
            taken,
            floor=FLOORS[size],
            aim=FLOORS[size],
            smaller=True,
        )
        for size, taken in seconds.items()
    ]
