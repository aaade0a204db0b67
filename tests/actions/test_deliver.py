import asyncio
import threading

from limner.actions.deliver import Deliverer, delay_after
from limner.actions.hook_threads import MOST_THREADS
from limner.domain.job import JobState
from tests.actions.workshop import PATIENCE, Scripted, eventually, paints, workshop

SECRET = "a unicorn nobody may read about"


async def outbox(shop):
    return [entry.job_id for entry in await shop.rows.outbox_due(limit=100, hold=0.0)]


async def test_a_hook_hears_of_a_job_that_ended(tmp_path):
    heard = []

    async def hook(job):
        heard.append(job)

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(hook)
        job = await shop.painted()
        await eventually(lambda: heard)
    assert heard == [job]


async def test_a_plain_function_is_called_in_a_thread(tmp_path):
    heard = []
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(lambda job: heard.append(threading.current_thread()))
        await shop.painted()
        await eventually(lambda: heard)
    assert heard[0] is not threading.main_thread()


async def test_a_local_end_is_told_without_waiting_for_a_sweep(tmp_path):
    heard = []
    async with workshop(tmp_path, policy={"sweep": 60.0}, fox=Scripted(paints)) as shop:
        await shop.painted()
        shop.hooks.append(lambda job: heard.append(job.id))
        job = await shop.painted()
        await eventually(lambda: job.id in heard)


async def test_hooks_hear_of_failures_and_cancels_too(tmp_path):
    heard = []
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        shop.hooks.append(lambda job: heard.append(job.state))
        late = await shop.submit(deadline_at=shop.rows.now())
        await shop.end(late)
        await shop.rows.cancel(await shop.submit())
        await eventually(lambda: set(heard) == {JobState.FAILED, JobState.CANCELLED})


async def test_a_hook_that_fails_is_called_again_and_the_others_are_not(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr("limner.actions.deliver.FIRST_DELAY", 0.05)
    failed, heard = [], []

    async def trips(job):
        failed.append(job.id)
        if len(failed) < 3:
            raise ValueError(SECRET)

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks += [trips, lambda job: heard.append(job.id)]
        job = await shop.painted()
        await eventually(lambda: len(failed) == 3)
        await asyncio.sleep(0.3)
    assert (failed, heard) == ([job.id] * 3, [job.id])
    assert "builtins.ValueError" in caplog.text
    assert SECRET not in caplog.text


async def test_a_hook_that_hangs_keeps_neither_jobs_nor_other_hooks_waiting(tmp_path):
    heard = []

    async def hook(job):
        heard.append(job.id)
        if len(heard) == 1:
            await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(hook)
        first, second = await shop.painted(), await shop.painted()
        await eventually(lambda: heard == [first.id, second.id])


async def test_plain_hooks_that_hang_leave_painting_and_reading_their_threads(tmp_path):
    called, goes_on = [], threading.Event()
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(lambda job: (called.append(job.id), goes_on.wait(PATIENCE)))
        await asyncio.gather(*(shop.painted() for _ in range(40)))
        await eventually(lambda: len(called) == MOST_THREADS)
        job = await shop.painted()
        goes_on.set()
    assert job.state is JobState.SUCCEEDED


async def test_what_is_half_told_is_not_remembered_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("limner.actions.deliver.MOST_HEARD", 2)
    tried = []

    def trips(job):
        tried.append(job.id)
        raise ValueError

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks += [lambda job: None, trips]
        await asyncio.gather(*(shop.painted() for _ in range(6)))
        await eventually(lambda: len(set(tried)) == 6)
        assert len(shop.deliverer._heard) <= 2


async def test_an_entry_is_held_for_as_long_as_all_its_hooks_may_take():
    asked = []

    class Outbox:
        async def outbox_due(self, *, limit, hold):
            asked.append(hold)
            return ()

    deliverer = Deliverer([print] * 3, repository=Outbox(), observer=None)
    await deliverer.start()
    await eventually(lambda: asked)
    await deliverer.stop()
    assert asked == [3 * 60 + 30]


async def test_a_hook_that_takes_too_long_is_called_again(tmp_path, monkeypatch):
    monkeypatch.setattr("limner.actions.deliver.HOOK_SECONDS", 0.05)
    monkeypatch.setattr("limner.actions.deliver.FIRST_DELAY", 0.05)
    heard = []

    async def hook(job):
        heard.append(job.id)
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(hook)
        await shop.painted()
        await eventually(lambda: len(heard) > 1)


async def test_what_was_told_is_not_told_again(tmp_path):
    heard = []
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(lambda job: heard.append(job.id))
        job = await shop.painted()
        await eventually(lambda: heard)
        await asyncio.sleep(0.5)
        assert await outbox(shop) == []
    assert heard == [job.id]


async def test_a_delivery_that_was_broken_off_is_made_by_the_next_process(tmp_path, monkeypatch):
    monkeypatch.setattr("limner.actions.deliver.HOOK_SECONDS", 0.3)
    monkeypatch.setattr("limner.actions.deliver.HOLD_SPARE", 0.0)
    heard = []

    async def hangs(job):
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.hooks.append(hangs)
        job = await shop.painted()
        await asyncio.sleep(0.2)
        await shop.deliverer.stop()
        shop.hooks[:] = [lambda job: heard.append(job.id)]
        await shop.deliverer.start()
        await eventually(lambda: heard == [job.id])


async def test_a_process_without_hooks_leaves_the_outbox_alone(tmp_path):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        job = await shop.painted()
        await asyncio.sleep(0.3)
        assert await outbox(shop) == [job.id]


async def test_an_outage_only_delays_hooks(tmp_path):
    heard = []
    async with workshop(tmp_path, work=False, fox=Scripted(paints)) as shop:
        await shop.rows.cancel(await shop.submit())
        shop.repository.away = True
        shop.hooks.append(lambda job: heard.append(job.id))
        await asyncio.sleep(0.4)
        shop.repository.away = False
        await eventually(lambda: heard)


def test_delays_double_up_to_ten_minutes(monkeypatch):
    monkeypatch.setattr("limner.actions.deliver.jittered", lambda seconds: seconds)
    assert [delay_after(tries) for tries in (0, 1, 2, 9, 10, 1000)] == [1, 2, 4, 512, 600, 600]


async def test_a_deliverer_that_was_never_started_may_be_stopped():
    await Deliverer([], repository=None, observer=None).stop()
