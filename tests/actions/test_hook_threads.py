import asyncio
import contextvars
import subprocess
import sys
import threading

import pytest

from limner.actions.hook_threads import HookThreads

HANGS = """
import asyncio, threading
from limner.actions.hook_threads import HookThreads

async def main():
    try:
        await asyncio.wait_for(HookThreads().call(threading.Event().wait), 0.1)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""


@pytest.fixture
def threads():
    return HookThreads(2)


async def test_a_plain_function_answers_from_a_thread(threads):
    assert await threads.call(threading.current_thread) is not threading.current_thread()


async def test_a_coroutine_function_answers_from_the_loop(threads):
    async def hook(word):
        return word, threading.current_thread()

    assert await threads.call(hook, "fox") == ("fox", threading.current_thread())


async def test_what_a_plain_function_returns_is_awaited(threads):
    assert await threads.call(lambda: asyncio.sleep(0, "fox")) == "fox"


async def test_a_hook_raises_what_it_raises(threads):
    with pytest.raises(ZeroDivisionError):
        await threads.call(lambda: 1 / 0)


async def test_a_hook_sees_the_callers_context(threads):
    user = contextvars.ContextVar("user")
    user.set("ann")
    assert await threads.call(user.get) == "ann"


async def test_only_so_many_run_at_once_and_all_get_their_turn(threads):
    running, most, goes_on = [], [], threading.Event()

    def hook():
        running.append(1)
        most.append(len(running))
        goes_on.wait(20)
        running.pop()

    calls = asyncio.gather(*(threads.call(hook) for _ in range(6)))
    while len(running) < 2:
        await asyncio.sleep(0.005)
    goes_on.set()
    await calls
    assert (len(most), max(most)) == (6, 2)


async def test_who_gave_up_waiting_for_a_turn_gets_none(threads):
    goes_on, called = threading.Event(), []
    hanging = [asyncio.create_task(threads.call(goes_on.wait, 20)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(threads.call(called.append, 1), 0.05)
    goes_on.set()
    await asyncio.gather(*hanging)
    assert called == []


def test_a_hook_that_hangs_does_not_keep_the_process_from_ending():
    done = subprocess.run([sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "given up\n"
