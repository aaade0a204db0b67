import asyncio
import threading
import time
from contextlib import aclosing

import pytest

from limner.contracts.engine import Progress
from limner.engines.threaded import threaded


async def test_all_strokes_arrive_in_order():
    painted = [stroke.step async for stroke in threaded(Progress(step=step) for step in range(5))]

    assert painted == [0, 1, 2, 3, 4]


async def test_all_steps_run_in_one_thread_that_is_not_the_loops():
    threads = []

    def strokes():
        for step in range(3):
            threads.append(threading.get_ident())
            yield Progress(step=step)

    async for _ in threaded(strokes()):
        pass
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_the_generator_stands_still_until_the_next_stroke_is_awaited():
    reached = []

    def strokes():
        for step in range(3):
            reached.append(step)
            yield Progress(step=step)

    async with aclosing(threaded(strokes())) as painting:
        await anext(painting)
        await asyncio.sleep(0.05)
        assert reached == [0]


async def test_the_loop_stays_free_while_the_thread_works():
    def strokes():
        time.sleep(0.2)
        yield Progress(step=1)

    painting = asyncio.ensure_future(anext(threaded(strokes())))
    await asyncio.sleep(0.01)
    assert not painting.done()
    assert await painting == Progress(step=1)


async def test_closing_runs_the_generators_finally_in_its_thread():
    closed_in = []

    def strokes():
        try:
            yield Progress(step=1)
            yield Progress(step=2)
        finally:
            closed_in.append(threading.current_thread().name)

    async with aclosing(threaded(strokes())) as painting:
        await anext(painting)
    assert closed_in[0].startswith("limner-paint")


async def test_a_cancel_waits_for_the_step_in_work_and_closes_the_generator():
    events = []
    working = threading.Event()

    def strokes():
        try:
            working.set()
            time.sleep(0.1)
            events.append("step ended")
            yield Progress(step=1)
        finally:
            events.append("closed")

    painting = asyncio.ensure_future(anext(threaded(strokes())))
    await asyncio.to_thread(working.wait)
    painting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await painting
    assert events == ["step ended", "closed"]


async def test_an_error_of_the_generator_comes_through():
    def strokes():
        yield Progress(step=1)
        raise MemoryError

    with pytest.raises(MemoryError):
        async for _ in threaded(strokes()):
            pass


async def test_no_thread_is_left_behind():
    async for _ in threaded(Progress(step=step) for step in range(2)):
        pass
    await asyncio.sleep(0.05)

    assert not [thread for thread in threading.enumerate() if thread.name.startswith("limner-paint")]
