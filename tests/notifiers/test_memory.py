import asyncio
import gc
import threading
import tracemalloc

import pytest

from limner.domain.event import JobChanged, PreviewTick, ProgressTick
from limner.notifiers.memory import MOST_UNHEARD, MemoryNotifier


def change(job="j", seq=1, owner="ann"):
    return JobChanged(job_id=job, owner=owner, seq=seq)


def progress(job="j", step=1, owner="ann"):
    return ProgressTick(job_id=job, owner=owner, fraction=step / 10, step=step)


def preview(job="j", step=1, owner="ann"):
    return PreviewTick(job_id=job, owner=owner, ordinal=0, step=step, image=b"webp", media_type="image/webp")


@pytest.fixture
async def notifier():
    notifier = MemoryNotifier()
    await notifier.open()
    yield notifier
    await notifier.close()


async def test_a_watcher_of_a_job_hears_that_job_only(notifier):
    with notifier.subscribe(job_id="j") as ear:
        notifier.publish((change("other"), change()))
        assert await ear.next(1) == (change(),)


async def test_a_watcher_of_an_owner_hears_all_of_the_owners_jobs(notifier):
    with notifier.subscribe(owner="ann") as ear:
        notifier.publish((change("a"), change("b", owner="ben"), progress("c")))
        assert await ear.next(1) == (change("a"), progress("c"))


async def test_what_was_published_before_the_wait_is_not_lost(notifier):
    with notifier.subscribe(job_id="j") as ear:
        notifier.publish((change(),))
        await asyncio.sleep(0)
        assert await ear.next(0) == (change(),)


async def test_a_waiting_watcher_is_woken(notifier):
    with notifier.subscribe(job_id="j") as ear:
        heard = asyncio.create_task(ear.next(60))
        await asyncio.sleep(0)
        notifier.publish((change(),))
        assert await heard == (change(),)


async def test_an_early_answer_leaves_no_alarm_for_the_next_wait(notifier):
    with notifier.subscribe(job_id="j") as ear:
        first = asyncio.create_task(ear.next(0.05))
        await asyncio.sleep(0)
        notifier.publish((change(),))
        await first
        second = asyncio.create_task(ear.next(60))
        await asyncio.sleep(0.1)
        assert not second.done()
        notifier.publish((change(seq=2),))
        assert await second == (change(seq=2),)


async def test_silence_is_an_empty_answer(notifier):
    with notifier.subscribe(job_id="j") as ear:
        assert await ear.next(0.01) == ()


async def test_the_latest_of_each_kind_wins_and_changes_come_first(notifier):
    with notifier.subscribe(job_id="j") as ear:
        notifier.publish((progress(step=1), preview(step=1), change(seq=1)))
        notifier.publish((preview(step=2), progress(step=2), change(seq=2)))
        assert await ear.next(1) == (change(seq=2), preview(step=2), progress(step=2))
        assert await ear.next(0) == ()


async def test_previews_are_for_those_who_want_them(notifier):
    with notifier.subscribe(job_id="j", previews=False) as ear:
        waiting = asyncio.create_task(ear.next(0.05))
        await asyncio.sleep(0)
        notifier.publish((preview(),))
        assert await waiting == ()


async def test_a_watcher_that_never_listens_keeps_a_bounded_amount(notifier):
    with notifier.subscribe(owner="ann") as ear:
        notifier.publish([change(f"j{number}") for number in range(3 * MOST_UNHEARD)])
        heard = await ear.next(1)
    assert len(heard) == MOST_UNHEARD
    assert heard[-1] == change(f"j{3 * MOST_UNHEARD - 1}")


async def test_any_thread_may_publish(notifier):
    with notifier.subscribe(job_id="j") as ear:
        thread = threading.Thread(target=notifier.publish, args=((change(),),))
        thread.start()
        assert await ear.next(5) == (change(),)
        thread.join()


async def test_watchers_in_two_event_loops_hear_the_same(notifier):
    heard = []
    ready = threading.Event()

    async def elsewhere():
        with notifier.subscribe(job_id="j") as ear:
            ready.set()
            heard.extend(await ear.next(5))

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    await asyncio.to_thread(ready.wait)
    with notifier.subscribe(job_id="j") as ear:
        notifier.publish((change(),))
        assert await ear.next(5) == (change(),)
    await asyncio.to_thread(thread.join)
    assert heard == [change()]


async def test_an_event_loop_that_died_is_forgotten(notifier):
    def leave_one_behind():
        loop = asyncio.new_event_loop()

        async def subscribe():
            notifier.subscribe(job_id="j").__enter__()

        loop.run_until_complete(subscribe())
        loop.close()

    await asyncio.to_thread(leave_one_behind)
    assert len(notifier.boards()) == 1
    notifier.publish((change(),))
    assert notifier.boards() == ()


async def test_closing_ends_those_who_wait_and_those_who_come(notifier):
    with notifier.subscribe(job_id="j") as ear:
        waiting = asyncio.create_task(ear.next(60))
        await asyncio.sleep(0)
        await notifier.close()
        with pytest.raises(StopAsyncIteration):
            await waiting
    with notifier.subscribe(owner="ann") as late, pytest.raises(StopAsyncIteration):
        await late.next(1)


async def test_a_closed_notifier_may_be_opened_again(notifier):
    await notifier.close()
    await notifier.open()
    with notifier.subscribe(job_id="j") as ear:
        notifier.publish((change(),))
        assert await ear.next(1) == (change(),)


async def test_nothing_is_kept_of_a_watcher_that_left(notifier):
    with notifier.subscribe(job_id="stays"):
        with notifier.subscribe(job_id="j"), notifier.subscribe(owner="ann"):
            pass
        (board,) = notifier.boards()
        assert (*board.watched_jobs(), *board.watched_owners()) == ("stays",)
    assert notifier.boards() == ()


async def test_a_watcher_that_is_cancelled_leaves_nothing_behind(notifier):
    async def watch():
        with notifier.subscribe(job_id="j") as ear:
            await ear.next(60)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    watching.cancel()
    await asyncio.wait([watching])
    assert notifier.boards() == ()


async def test_a_thousand_watchers_of_one_job_all_hear(notifier):
    async def watch():
        with notifier.subscribe(job_id="j") as ear:
            return await ear.next(30)

    watching = [asyncio.create_task(watch()) for _ in range(1000)]
    await asyncio.sleep(0)
    notifier.publish((change(seq=7),))
    assert await asyncio.gather(*watching) == [(change(seq=7),)] * 1000


async def test_a_watcher_takes_less_than_four_kibibytes(notifier):
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    ears = [notifier.subscribe(job_id=f"job-{number}").__enter__() for number in range(1000)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / len(ears) < 4096
