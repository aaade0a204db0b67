"""What tests of isolated engines share."""

import asyncio
import contextlib
import json

import psutil

from limner.testing.tasks import paint_task


def misbehaving(deed, **facts):
    return paint_task(options={"misbehave": {"deed": deed}}, **facts)


async def strokes_of(engine, task=None):
    return [stroke async for stroke in engine.paint(task or paint_task())]


async def doing(deed, engine, **facts):
    """A paint in the midst of its misdeed, as a task."""
    strokes = engine.paint(misbehaving(deed, **facts))
    await anext(strokes)
    rest = asyncio.create_task(anext(strokes))
    await asyncio.sleep(0.2)
    return rest


async def facts_of(engine, task=None):
    return json.loads((await strokes_of(engine, task))[-1].image)


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def is_alive(pid):
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def child_of_this_process():
    children = [one for one in psutil.Process().children() if "limner.engines.isolated_child" in one.cmdline()]
    return max(children, key=lambda child: child.create_time())
