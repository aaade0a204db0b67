"""Paints with toy weights."""

import asyncio
import io
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np
from PIL import Image

from limner.contracts.engine import Painted, Progress
from limner.engines.mini.engine import Mini
from limner.testing.engine_suite import collect
from limner.testing.tasks import paint_task


@asynccontextmanager
async def opened(weights, **options):
    engine = Mini(weights=str(weights), allow_toy=True, **options)
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


def strokes(weights, *tasks, shared=False):
    """All tasks at once; `shared` makes sure that some shared a step."""

    async def paint():
        async with opened(weights) as engine:
            found = await asyncio.gather(*(collect(engine, one) for one in tasks))
            assert not shared or engine._studio.batch.largest >= 2
            return found

    return asyncio.run(paint())


def task(prompt="a red fox", **facts):
    """A task; `facts` belong to it or to its request."""
    wanted = {name: facts.pop(name) for name in ("steps", "guidance", "negative_prompt") if name in facts}
    made = paint_task(prompt=prompt, **facts)
    return replace(made, request=replace(made.request, **wanted))


def painted(weights, *tasks, **given):
    """The first picture of each task, as pixels."""
    found = [next(one for one in some if isinstance(one, Painted)) for some in strokes(weights, *tasks, **given)]
    return [pixels(one.image) for one in found]


def progress(weights, wanted):
    return [one for one in strokes(weights, wanted)[0] if isinstance(one, Progress)]


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image)).convert("RGB"), np.int16)


def png(array):
    stream = io.BytesIO()
    Image.fromarray(array.astype(np.uint8)).save(stream, "PNG")
    return stream.getvalue()
