import asyncio
import threading

import pytest

from limner.dispatchers.inprocess import InProcessDispatcher

LONG = 30.0


@pytest.fixture
def dispatcher():
    return InProcessDispatcher()


async def waiting(dispatcher, timeout=LONG):
    task = asyncio.create_task(dispatcher.wait(timeout))
    await asyncio.sleep(0)
    return task


async def test_a_nudge_ends_the_wait(dispatcher):
    waiter = await waiting(dispatcher)
    dispatcher.nudge("painter")
    await asyncio.wait_for(waiter, 5)


async def test_a_nudge_with_nobody_waiting_is_remembered(dispatcher):
    dispatcher.nudge("painter")
    await asyncio.wait_for(dispatcher.wait(LONG), 5)


async def test_a_nudge_is_remembered_once(dispatcher):
    dispatcher.nudge("painter")
    dispatcher.nudge("painter")
    await dispatcher.wait(LONG)
    waiter = await waiting(dispatcher, timeout=0.05)
    assert not waiter.done()
    await waiter


async def test_every_waiter_hears_a_nudge(dispatcher):
    waiters = [await waiting(dispatcher) for _ in range(3)]
    dispatcher.nudge("painter")
    await asyncio.wait_for(asyncio.gather(*waiters), 5)


async def test_the_wait_ends_by_itself(dispatcher):
    await asyncio.wait_for(dispatcher.wait(0.01), 5)


async def test_another_thread_may_nudge(dispatcher):
    waiter = await waiting(dispatcher)
    threading.Thread(target=dispatcher.nudge, args=("painter",)).start()
    await asyncio.wait_for(waiter, 5)


async def test_closing_ends_every_wait(dispatcher):
    waiter = await waiting(dispatcher)
    await dispatcher.close()
    await asyncio.wait_for(waiter, 5)


def test_a_nudge_after_the_loop_died_does_no_harm(dispatcher):
    loop = asyncio.new_event_loop()
    task = loop.create_task(dispatcher.wait(LONG))
    loop.run_until_complete(asyncio.sleep(0))
    task.cancel()
    waiter = next(iter(dispatcher._waiters))
    loop.run_until_complete(asyncio.wait({task}))
    loop.close()
    dispatcher._waiters.add(waiter)
    dispatcher.nudge("painter")
