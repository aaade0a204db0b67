import asyncio
import signal
import subprocess
import sys
import threading
import time

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.previews import PreviewBook
from limner.contracts.engine import Progress, Submitting
from limner.domain.errors import EngineCrashed
from limner.domain.identity import Principal
from limner.domain.job import JobState
from tests.actions.workshop import Scripted, eventually, fails, hangs, paints, pays, picture, polls, workshop
from tests.repositories.making import lose_next_answer

ONLY_TOLD = {"cancel_check": 60.0, "lease": 180.0}
"""Of a cancel the worker learns from the notifier, or too late."""

ANN = Principal(user_id="ann")


async def begun(shop, **facts):
    """A job whose engine has its task."""
    job_id = await shop.submit(**facts)
    engine = shop.engines[facts.get("route", tuple(shop.engines))[0]]
    await eventually(lambda: any(task.job_id == job_id for task in engine.tasks))
    return job_id


async def cancel(shop, job_id):
    return await cancel_job(job_id, ANN, repository=shop.rows, notifier=shop.notifier, observer=shop.observer)


class Gate:
    """A play that paints once the gate is open, and counts who waits at it."""

    def __init__(self):
        self.open = asyncio.Event()
        self.waiting = self.most = 0

    async def __call__(self, task):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        await self.open.wait()
        self.waiting -= 1
        for ordinal in task.ordinals:
            yield picture(task, ordinal)


async def test_jobs_are_painted_side_by_side_up_to_the_engines_concurrency(tmp_path):
    gate = Gate()
    async with workshop(tmp_path, policy={"poll": 60.0}, fox=Scripted(gate, concurrency=3)) as shop:
        jobs = [await shop.submit() for _ in range(7)]
        await eventually(lambda: gate.waiting == 3)
        await asyncio.sleep(0.3)
        gate.open.set()
        assert {(await shop.end(job)).state for job in jobs} == {JobState.SUCCEEDED}
    assert gate.most == 3


async def test_a_busy_engine_does_not_keep_another_one_idle(tmp_path):
    async with workshop(tmp_path, slow=Scripted(hangs, concurrency=1), fox=Scripted(paints)) as shop:
        await begun(shop, route=("slow",))
        await shop.submit(route=("slow",))
        assert (await shop.painted(route=("fox",))).state is JobState.SUCCEEDED


async def test_a_nudge_that_was_lost_costs_only_the_poll(tmp_path, monkeypatch):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        monkeypatch.setattr(shop.dispatcher, "nudge", lambda engine: None)
        assert (await shop.painted()).state is JobState.SUCCEEDED


async def test_the_worker_says_when_it_last_looked(tmp_path):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        (worker,) = shop.workers
        await eventually(lambda: worker.last_claim_at)
        first = worker.last_claim_at
        await eventually(lambda: worker.last_claim_at > first)
        assert worker.running == 0


async def test_an_engine_is_opened_once_and_closed_at_the_end(tmp_path):
    said = []
    fox = Scripted(paints)
    fox.open, fox.close = say(said, "open"), say(said, "close")
    async with workshop(tmp_path, fox=fox) as shop:
        for _ in range(3):
            await shop.painted()
    assert said == ["open", "close"]


def say(said, word):
    async def speak():
        said.append(word)

    return speak


async def test_an_engine_that_does_not_open_is_a_failed_try_and_is_tried_again(tmp_path):
    fox, errors = Scripted(paints), [EngineCrashed("no weights"), ImportError("torch")]

    async def opens_in_the_end():
        if errors:
            raise errors.pop()

    fox.open = opens_in_the_end
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.crash_count) == (JobState.SUCCEEDED, 2)


async def test_progress_is_told_and_kept_over_all_pictures(tmp_path):
    async def steps(task):
        yield Progress(step=1, steps=4)
        await paused.wait()
        for ordinal in task.ordinals:
            yield picture(task, ordinal)

    paused = asyncio.Event()
    async with workshop(tmp_path, fox=Scripted(steps)) as shop:
        job_id = await shop.submit(count=2)
        job = await shop.until(job_id, lambda job: job.progress.step)
        assert (job.progress.fraction, job.progress.step, job.progress.steps) == (0.25, 1, 4)
        paused.set()
        await shop.end(job_id)


async def test_a_running_job_is_cancelled_soon_after_it_was_asked_for(tmp_path):
    fox = Scripted(hangs)
    async with workshop(tmp_path, policy=ONLY_TOLD, fox=fox) as shop:
        job_id = await begun(shop)
        await asyncio.sleep(0.2)
        asked = time.monotonic()
        await cancel(shop, job_id)
        assert (await shop.end(job_id)).state is JobState.CANCELLED
        assert time.monotonic() - asked < 2.0
        await eventually(lambda: fox.closed)


async def test_a_cancel_before_the_worker_listens_is_heard(tmp_path):
    async with workshop(tmp_path, policy=ONLY_TOLD, fox=Scripted(hangs)) as shop:
        job_id = await begun(shop)
        await cancel(shop, job_id)
        assert (await shop.end(job_id)).state is JobState.CANCELLED


async def test_a_cancel_that_no_notifier_carries_is_found(tmp_path):
    async with workshop(tmp_path, fox=Scripted(hangs)) as shop:
        job_id = await begun(shop)
        await shop.rows.cancel(job_id)
        assert (await shop.end(job_id)).state is JobState.CANCELLED


async def test_a_cancel_keeps_what_was_painted(tmp_path):
    async def paints_one(task):
        yield picture(task, 0)
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(paints_one)) as shop:
        job_id = await shop.submit(count=2)
        await shop.until(job_id, lambda job: job.images)
        await cancel(shop, job_id)
        job = await shop.end(job_id)
    assert (job.state, len(job.images)) == (JobState.CANCELLED, 1)


async def test_a_cancel_does_not_wait_for_a_deaf_engine(tmp_path):
    released = asyncio.Event()

    async def deaf(task):
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        yield picture(task, 0)

    async with workshop(tmp_path, policy={"close_grace": 30.0}, fox=Scripted(deaf)) as shop:
        job_id = await begun(shop)
        await cancel(shop, job_id)
        assert (await shop.end(job_id)).state is JobState.CANCELLED
        released.set()


async def test_a_cancel_during_a_paid_call_counts_it(tmp_path):
    async def is_paid_and_hangs(task):
        yield Submitting(ordinals=(0,), request_key="k")
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(is_paid_and_hangs, charges=True)) as shop:
        job_id = await begun(shop)
        await asyncio.sleep(0.2)
        await cancel(shop, job_id)
        assert (await shop.end(job_id)).ambiguous_calls == 1


async def test_a_database_that_is_away_stops_no_paint(tmp_path):
    gate = Gate()
    async with workshop(tmp_path, fox=Scripted(gate)) as shop:
        job_id = await begun(shop)
        shop.repository.away = True
        gate.open.set()
        await asyncio.sleep(0.5)
        assert (await shop.rows.find_job(job_id)).state is JobState.RUNNING
        shop.repository.away = False
        job = await shop.end(job_id)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


async def test_claims_go_on_by_themselves_after_an_outage(tmp_path, caplog):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        shop.repository.away = True
        job_id = await shop.submit()
        await asyncio.sleep(0.5)
        shop.repository.away = False
        assert (await shop.end(job_id)).state is JobState.SUCCEEDED
    assert caplog.text.count("claiming jobs cannot go on") == 1
    assert caplog.text.count("claiming jobs goes on") == 1


async def test_what_a_claim_took_without_an_answer_is_painted(tmp_path):
    async with workshop(tmp_path, policy={"lease": 60.0}, work=False, fox=Scripted(paints)) as shop:
        job_id = await shop.submit()
        lose_next_answer(shop.rows)
        await shop.worker().start()
        job = await shop.end(job_id)
    assert (job.state, job.attempt, job.lease_losses) == (JobState.SUCCEEDED, 1, 0)


async def test_no_paid_call_starts_under_a_lease_that_is_unknown(tmp_path):
    gate, paid = asyncio.Event(), []

    async def pays_at_the_gate(task):
        await gate.wait()
        yield Submitting(ordinals=(0,), request_key="k")
        paid.append(time.monotonic())
        yield picture(task, 0)

    async with workshop(tmp_path, fox=Scripted(pays_at_the_gate, charges=True)) as shop:
        job_id = await begun(shop)
        shop.repository.away = True
        await asyncio.sleep(shop.policy.lease - shop.policy.start_margin + 0.1)
        gate.set()
        await asyncio.sleep(0.5)
        assert not paid
        shop.repository.away = False
        assert (await shop.end(job_id)).state is JobState.SUCCEEDED


async def test_no_paid_call_starts_without_room_for_its_picture(tmp_path, monkeypatch):
    room = 10
    async with workshop(tmp_path, policy={"free_space": 100}, fox=Scripted(pays, charges=True)) as shop:
        monkeypatch.setattr(shop.storage, "free_space", lambda: room)
        job_id = await begun(shop)
        await asyncio.sleep(0.5)
        assert (await shop.rows.find_job(job_id)).state is JobState.RUNNING
        room = 1000
        assert (await shop.end(job_id)).state is JobState.SUCCEEDED


async def test_a_lease_outlives_a_stuck_event_loop(tmp_path):
    async def blocks(task):
        time.sleep(1.5)
        yield picture(task, 0)

    async with workshop(tmp_path, policy={"lease": 0.6, "start_margin": 0.1}, fox=Scripted(blocks)) as shop:
        swept, stop = [], threading.Event()
        sweeper = threading.Thread(target=asyncio.run, args=(sweep_elsewhere(shop, swept, stop),))
        sweeper.start()
        job = await shop.painted()
        stop.set()
        await asyncio.to_thread(sweeper.join)
    assert (job.state, job.attempt, job.lease_losses) == (JobState.SUCCEEDED, 1, 0)
    assert len(swept) > 3


async def sweep_elsewhere(shop, swept, stop):
    """Another process's sweeper, as far as the rows can tell."""
    rows = type(shop.rows)(f"sqlite:///{shop.database}")
    await rows.open()
    while not stop.is_set():
        swept.append(await rows.sweep(policy=shop.policy, is_dead=lambda worker: False))
        await asyncio.sleep(0.1)
    await rows.close()


async def test_a_worker_that_lost_its_lease_drops_what_it_painted(tmp_path, monkeypatch):
    gate = Gate()
    short = {"lease": 0.5, "start_margin": 0.1}
    async with workshop(tmp_path, policy=short, fox=Scripted(gate, paints)) as shop:
        monkeypatch.setattr(shop.workers[0]._heartbeat, "_beat", lambda: True)
        job_id = await begun(shop)
        job = await shop.end(job_id)
        gate.open.set()
        await eventually(lambda: not shop.workers[0].running)
        again = await shop.rows.find_job(job_id)
    assert (job.state, job.attempt, job.lease_losses, len(job.images)) == (JobState.SUCCEEDED, 2, 1, 1)
    assert again == job


async def test_a_heartbeat_that_finds_its_lease_lost_stops_the_engine(tmp_path):
    fox = Scripted(hangs, paints)
    async with workshop(tmp_path, policy={"lease": 0.6, "start_margin": 0.1}, fox=fox) as shop:
        job_id = await begun(shop)
        await shop.rows.sweep(policy=shop.policy, is_dead=lambda worker: True)
        await eventually(lambda: fox.closed)
        assert (await shop.end(job_id)).lease_losses == 1


async def test_a_drain_during_a_claim_gives_its_jobs_back(tmp_path):
    async def claim_slowly(*given, **named):
        found = await claim(*given, **named)
        if found[0]:
            claimed.set()
            await asyncio.sleep(0.2)
        return found

    fox, claimed = Scripted(paints), asyncio.Event()
    async with workshop(tmp_path, work=False, fox=fox) as shop:
        claim, shop.rows.claim = shop.rows.claim, claim_slowly
        await shop.worker().start()
        job_id = await shop.submit()
        await claimed.wait()
        await shop.workers[0].drain(10)
        job = await shop.rows.find_job(job_id)
    assert (job.state, job.attempt, fox.tasks) == (JobState.QUEUED, 0, [])


async def test_a_drain_lets_jobs_finish_and_takes_no_more(tmp_path):
    gate = Gate()
    async with workshop(tmp_path, fox=Scripted(gate)) as shop:
        job_id = await begun(shop)
        drain = asyncio.create_task(shop.workers[0].drain(10))
        await asyncio.sleep(0.1)
        late = await shop.submit()
        await asyncio.sleep(0.5)
        gate.open.set()
        await drain
        assert (await shop.rows.find_job(job_id)).state is JobState.SUCCEEDED
        assert (await shop.rows.find_job(late)).state is JobState.QUEUED


async def test_a_drain_gives_back_what_does_not_finish_and_counts_nothing(tmp_path):
    fox = Scripted(hangs)
    async with workshop(tmp_path, fox=fox) as shop:
        job_id = await begun(shop)
        await shop.workers[0].drain(0.1)
        job = await shop.rows.find_job(job_id)
    assert (job.state, job.not_before, fox.closed) == (JobState.QUEUED, None, 1)
    assert (job.attempt, job.crash_count, job.lease_losses) == (0, 0, 0)


async def test_a_drain_leaves_a_handle_for_the_next_worker(tmp_path):
    held = asyncio.Event()

    async def is_handed_a_call(task):
        async for stroke in polls(task):
            yield stroke
            if hasattr(stroke, "handle"):
                held.set()
                await asyncio.Event().wait()

    fox = Scripted(is_handed_a_call, polls, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job_id = await begun(shop)
        await held.wait()
        await shop.workers[0].drain(0)
        await shop.worker().start()
        job = await shop.end(job_id)
    assert (job.state, job.attempt, len(fox.tasks[1].resume)) == (JobState.SUCCEEDED, 1, 1)


async def test_a_drain_during_a_paid_call_counts_it(tmp_path):
    called = asyncio.Event()

    async def is_paid_and_hangs(task):
        yield Submitting(ordinals=(0,), request_key="k")
        called.set()
        await asyncio.Event().wait()

    async with workshop(tmp_path, fox=Scripted(is_paid_and_hangs, charges=True)) as shop:
        job_id = await begun(shop)
        await called.wait()
        await shop.workers[0].drain(0)
        job = await shop.rows.find_job(job_id)
    assert (job.error.code, job.ambiguous_calls) == ("ambiguous_charge", 1)


async def test_a_second_drain_ends_the_grace(tmp_path):
    async with workshop(tmp_path, fox=Scripted(hangs)) as shop:
        job_id = await begun(shop)
        first = asyncio.create_task(shop.workers[0].drain(60))
        await asyncio.sleep(0.1)
        await asyncio.wait_for(shop.workers[0].stop(), 10)
        await asyncio.wait_for(first, 10)
        assert (await shop.rows.find_job(job_id)).state is JobState.QUEUED


async def test_a_lease_is_renewed_while_a_drain_waits(tmp_path):
    gate = Gate()
    async with workshop(tmp_path, policy={"lease": 0.6, "start_margin": 0.1}, fox=Scripted(gate)) as shop:
        job_id = await begun(shop)
        drain = asyncio.create_task(shop.workers[0].drain(10))
        await asyncio.sleep(1.5)
        gate.open.set()
        await drain
        job = await shop.end(job_id)
    assert (job.state, job.lease_losses) == (JobState.SUCCEEDED, 0)


async def test_a_drained_worker_may_be_started_again(tmp_path):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        await shop.workers[0].drain(1)
        await shop.workers[0].start()
        assert (await shop.painted()).state is JobState.SUCCEEDED


def broken(*given):
    raise RuntimeError("broken")


async def test_a_preview_that_cannot_be_written_at_the_end_holds_nothing_up(tmp_path, monkeypatch):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        (worker,), closed = shop.workers, asyncio.Event()
        monkeypatch.setattr(PreviewBook, "save", broken)
        monkeypatch.setattr(shop.engines["fox"], "close", lambda: asyncio.sleep(0, closed.set()))
        await worker.drain(1)
        assert closed.is_set()


async def test_a_drain_that_fails_keeps_no_lease_alive(tmp_path):
    policy = {"lease": 1.0, "start_margin": 0.3}
    async with workshop(tmp_path, policy=policy, fox=Scripted(hangs, paints)) as shop:
        job_id = await begun(shop)
        worker, *_ = shop.workers
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(worker.drain(60), 0.1)
        await shop.worker().start()
        assert (await shop.end(job_id)).state is JobState.SUCCEEDED
        await worker._release()


async def test_whoever_waits_for_a_drain_that_fails_waits_no_longer(tmp_path, monkeypatch):
    async with workshop(tmp_path, fox=Scripted(hangs)) as shop:
        (worker,) = shop.workers
        await begun(shop)
        looking = asyncio.create_task(worker.look())
        monkeypatch.setattr("limner.actions.work.fault", broken)
        with pytest.raises(RuntimeError, match="broken"):
            await worker.drain(1)
        async with asyncio.timeout(20):
            await looking
            await worker.drain(1)


FROZEN = """
import asyncio, sys
from pathlib import Path
from tests.actions.workshop import Scripted, hangs, workshop

async def main():
    async with workshop(Path(sys.argv[1]), fox=Scripted(hangs)) as shop:
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is gone")
async def test_a_job_of_a_killed_process_is_back_at_once(tmp_path):
    async with workshop(tmp_path, policy={"lease": 60.0}, work=False, fox=Scripted(paints)) as shop:
        process = subprocess.Popen([sys.executable, "-c", FROZEN, str(tmp_path)])
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
        process.send_signal(signal.SIGKILL)
        await shop.worker().start()
        job = await shop.end(job_id)
        process.wait()
    assert (job.state, job.lease_losses, job.crash_count) == (JobState.SUCCEEDED, 1, 0)


async def test_an_engine_that_fails_stops_no_other(tmp_path):
    bad = Scripted(fails(MemoryError))
    async with workshop(tmp_path, policy={"max_crashes": 1}, bad=bad, fox=Scripted(paints)) as shop:
        assert (await shop.painted(route=("bad",))).state is JobState.FAILED
        assert (await shop.painted(route=("fox",))).state is JobState.SUCCEEDED
