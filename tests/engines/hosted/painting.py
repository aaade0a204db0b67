"""Paints with a hosted engine and tells all that it yielded and how it ended."""

from contextlib import aclosing, asynccontextmanager

from limner.domain.errors import EngineError
from limner.testing import paint_task


@asynccontextmanager
async def opened(engine):
    await engine.open()
    try:
        yield engine
    finally:
        await engine.close()


async def paint(engine, **facts):
    """The strokes, and the fault that ended them (None: they ended by themselves)."""
    model = next(iter(engine.capabilities.models), "")
    width, height = engine.capabilities.of(model).size(None, None)
    task = paint_task(**{"model": model, "width": width, "height": height} | facts)
    strokes = []
    try:
        async with aclosing(engine.paint(task)) as painting:
            async for stroke in painting:
                strokes.append(stroke)  # noqa: PERF401 - what came before a fault counts
    except EngineError as error:
        return strokes, error
    return strokes, None


def kinds(strokes):
    return [type(stroke).__name__ for stroke in strokes]
