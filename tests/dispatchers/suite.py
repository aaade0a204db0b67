"""What every dispatcher has to keep: the sentences of `limner.contracts.dispatcher`, as tests."""

import asyncio
import threading
import time

import pytest

LONG = 30.0


async def waiting(dispatcher, timeout=LONG):
    task = asyncio.create_task(dispatcher.wait(timeout))
    await asyncio.sleep(0)
    return task


class DispatcherSuite:
    """Give it a fixture `dispatcher`, not open, that knows an engine `painter`."""

    @pytest.fixture
    def dispatcher(self):
        raise NotImplementedError("Give the suite a fixture `dispatcher` that returns the dispatcher.")

    @pytest.fixture
    async def opened(self, dispatcher):
        await dispatcher.open()
        yield dispatcher
        await dispatcher.close()

    @pytest.mark.parametrize("wake", [False, True], ids=["nudge", "wake"])
    async def test_the_wait_ends_when_there_is_work(self, opened, wake):
        waiter = await waiting(opened)
        say(opened, wake)
        await asyncio.wait_for(waiter, 5)

    @pytest.mark.parametrize("wake", [False, True], ids=["nudge", "wake"])
    async def test_what_is_said_with_nobody_waiting_is_remembered(self, opened, wake):
        say(opened, wake)
        await asyncio.wait_for(opened.wait(LONG), 5)

    async def test_a_nudge_is_remembered_once(self, opened):
        opened.nudge("painter")
        opened.nudge("painter")
        await asyncio.wait_for(opened.wait(LONG), 5)
        waiter = await waiting(opened, timeout=0.05)
        assert not waiter.done()
        await waiter

    async def test_every_waiter_hears_a_nudge(self, opened):
        waiters = [await waiting(opened) for _ in range(3)]
        opened.nudge("painter")
        await asyncio.wait_for(asyncio.gather(*waiters), 5)

    async def test_the_wait_ends_by_itself(self, opened):
        await asyncio.wait_for(opened.wait(0.01), 5)

    async def test_another_thread_may_nudge(self, opened):
        waiter, began = await waiting(opened), time.monotonic()
        threading.Timer(0.1, opened.nudge, args=("painter",)).start()  # the loop sleeps by then, and must be woken
        await asyncio.wait_for(waiter, LONG)
        assert time.monotonic() - began < 5

    async def test_closing_ends_every_wait(self, opened):
        waiters = [await waiting(opened) for _ in range(3)]
        await opened.close()
        await asyncio.wait_for(asyncio.gather(*waiters), 5)

    async def test_it_can_be_opened_again(self, opened):
        await opened.close()
        await opened.open()
        await opened.wait(0.05)  # a close is remembered as a nudge is
        waiter = await waiting(opened)
        assert not waiter.done()
        opened.nudge("painter")
        await asyncio.wait_for(waiter, 5)

    async def test_whom_it_does_not_know_it_hears_of_without_a_fault(self, opened):
        waiter = await waiting(opened)
        opened.nudge("nobody")
        await asyncio.wait_for(waiter, 5)

    def test_a_nudge_before_it_opens_and_after_it_closed_does_no_harm(self, dispatcher):
        dispatcher.nudge("painter")
        asyncio.run(open_and_close(dispatcher))
        dispatcher.nudge("painter")
        dispatcher.wake()

    def test_a_nudge_after_the_loop_died_does_no_harm(self, dispatcher):
        loop = asyncio.new_event_loop()
        loop.set_exception_handler(lambda *_: None)  # it says that the waiter was left behind, which is the point
        waiter = loop.create_task(dispatcher.wait(LONG))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        dispatcher.nudge("painter")
        assert not waiter.done()


def say(dispatcher, wake):
    if wake:
        dispatcher.wake()
    else:
        dispatcher.nudge("painter")


async def open_and_close(dispatcher):
    await dispatcher.open()
    await dispatcher.close()
