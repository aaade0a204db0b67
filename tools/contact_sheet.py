"""Paints docs/contact-sheet.png: twelve prompts, whose table stands in docs/painter.md."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

from PIL import Image

from limner.contracts.engine import Painted, PaintTask
from limner.domain.request import ImageRequest
from limner.engines.painter import Painter

DOCS = Path(__file__).parent.parent / "docs"
CELL, GAP, COLUMNS = 340, 10, 4

SHEET = (
    ("three red boats on a calm sea at sunset, watercolour", 3),
    ("an astronaut riding a horse", 7),
    ("a red fox in snow", 4),
    ("a lighthouse in a storm at night", 2),
    ("northern lights over an igloo and two penguins", 5),
    ("a dozen sunflowers in a meadow, oil painting", 8),
    ("hot air balloons over a village in the hills at dawn", 6),
    ("colourful fish and a turtle underwater", 11),
    ("a dragon above a castle, stained glass", 9),
    ("a cat on a book", 12),
    ("a motorcycle in a city at night, neon", 14),
    ("a torii gate and a cherry tree by a lake, ink", 13),
)


async def paint(prompt: str, seed: int) -> Image.Image:
    request = ImageRequest(prompt=prompt, model="painter", width=768, height=768, count=1, seed=seed, format="png")
    task = PaintTask(
        job_id="sheet", request=request, ordinals=(0,), attempt=1, request_key="sheet", wants_previews=False
    )
    found = [stroke async for stroke in Painter().paint(task) if isinstance(stroke, Painted)]
    return Image.open(io.BytesIO(found[0].image))


def main() -> None:
    rows = -(-len(SHEET) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (CELL + GAP) + GAP, rows * (CELL + GAP) + GAP), "#f6f4ef")
    for at, (prompt, seed) in enumerate(SHEET):
        picture = asyncio.run(paint(prompt, seed)).resize((CELL, CELL), Image.Resampling.LANCZOS)
        sheet.paste(picture, (GAP + at % COLUMNS * (CELL + GAP), GAP + at // COLUMNS * (CELL + GAP)))
    # Six bits a channel: nobody sees the rest, and the file stays small.
    coarse = sheet.point([value & 252 | value >> 6 for value in range(256)] * 3)
    coarse.save(DOCS / "contact-sheet.png", optimize=True)


if __name__ == "__main__":
    main()
