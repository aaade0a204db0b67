"""The built-in painter as an engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator

from limner.contracts.engine import Engine, Painted, PaintTask, Progress, Stroke
from limner.domain.capabilities import Capabilities
from limner.domain.job import Note
from limner.engines.painter.canvas import Canvas
from limner.engines.painter.passes import PASSES, Pass
from limner.engines.painter.reading import MOST, Reading, read
from limner.engines.painter.scene import Scene, compose

STYLES = ("illustration", "watercolour", "oil", "ink", "pencil", "pixel", "flat", "neon", "woodcut", "glass")
_TIMES = ("dawn", "day", "noon", "golden", "sunset", "dusk", "night")
_WEATHERS = ("clear", "clouds", "overcast", "rain", "storm", "snow", "fog")
PALETTES = ("natural", "warm", "cool", "pastel", "vivid", "sepia", "mono")


def _choice(description: str, names: tuple[str, ...]) -> dict[str, object]:
    return {"type": "string", "enum": list(names), "description": description}


OPTIONS = {
    "type": "object",
    "properties": {
        "style": _choice("How it is painted; outranks a style named in the prompt.", STYLES),
        "palette": _choice("The tone of the whole picture.", PALETTES),
        "time": _choice("The time of day; outranks one named in the prompt.", _TIMES),
        "weather": _choice("The weather; outranks one named in the prompt.", _WEATHERS),
    },
    "additionalProperties": False,
}

EXAMPLES = (
    "three red boats on a calm sea at sunset, watercolour",
    "an astronaut riding a horse",
    "a red fox in snow",
    "a lighthouse in a storm at night",
    "a cat on a book",
    "a village in the mountains at dawn",
)


class Painter(Engine):
    """Draws landscapes and things from a prompt's words: no network, no weights, no GPU."""

    capabilities = Capabilities(
        default_width=768,
        default_height=768,
        negative_prompt=True,
        options=OPTIONS,
        previews=True,
        concurrency=max(1, (os.cpu_count() or 1) - 1),
        paint_timeout=120.0,
        isolated=True,
        description=(
            "The built-in painter. It is not a neural network: it looks for words it knows and draws them with its own"
            " shapes, in a second, anywhere. It says which words it left out."
        ),
        examples=EXAMPLES,
    )

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        request = task.request
        reading = read(request.prompt, request.negative_prompt)
        steps = len(PASSES) * len(task.ordinals)
        step = 0
        for ordinal in task.ordinals:
            size, seed = (request.width, request.height), request.seed_of(ordinal)
            scene = await asyncio.to_thread(compose, reading, size, seed, request.options)
            canvas = Canvas(*size, (scene.width, scene.height))
            for one in PASSES:
                preview = await asyncio.to_thread(_apply, one, canvas, scene, task.wants_previews)
                step += 1
                yield Progress(step=step, steps=steps, ordinal=ordinal, preview=preview)
            image = await asyncio.to_thread(canvas.png)
            yield Painted(ordinal=ordinal, image=image, seed=seed, notes=notes(reading))


def _apply(one: Pass, canvas: Canvas, scene: Scene, wants_preview: bool) -> bytes | None:
    one(canvas, scene)
    return canvas.preview() if wants_preview else None


def notes(reading: Reading) -> tuple[Note, ...]:
    """What the person should know: words missed, things left out, counts cut."""
    found: list[Note] = []
    if reading.empty:
        found.append(
            Note(
                code="nothing_understood", detail="I found nothing in this prompt that I can draw, so I painted freely."
            )
        )
    if reading.unknown:
        found.append(Note(code="not_understood", detail=f"I left out: {_listed(reading.unknown)}."))
    if reading.left_out:
        found.append(
            Note(code="left_out", detail=f"I left out what you asked to leave out: {_listed(reading.left_out)}.")
        )
    found += [
        Note(code="fewer", detail=f"I painted {MOST} of the {word}; more than that I cannot fit.")
        for word in reading.too_many
    ]
    return tuple(found)


def _listed(words: tuple[str, ...]) -> str:
    shown = ", ".join(words[:12])
    return shown if len(words) <= 12 else f"{shown} and {len(words) - 12} more"
