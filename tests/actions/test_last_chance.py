"""A cancel, a drain or a lost lease while a paid call is on its way: what it bought is not lost, and what was not bought is
not charged.
"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import pytest

from limner.actions.running import Reason
from limner.actions.strokes import Strokes
from limner.contracts.engine import Progress, Submitted, Submitting
from limner.domain.errors import DatabaseUnavailable, NotSent, RefusedByPolicy
from limner.domain.job import JobState
from tests.actions.workshop import PATIENCE, Scripted, eventually, pays, picture, polls, workshop

COST = 0.04


class Cancellable(Scripted):
    """`called_off` are the handles of its calls that were."""

    def __init__(self, *plays):
        super().__init__(*plays, charges=True)
        self.called_off = []

    async def cancel(self, call):
        self.called_off.append(call.handle)


class Answer:
    """A play whose call is taken at once; what `strokes` makes of the task comes when `come` is set."""

    def __init__(self, strokes=None):
        self.taken, self.come = asyncio.Event(), asyncio.Event()
        self.strokes = strokes or (lambda task: [Submitted(ordinals=(0,), handle={"call": 0})])

    async def __call__(self, task):
        yield Submitting(ordinals=task.ordinals, request_key="k", cost=COST)
        self.taken.set()
        await self.come.wait()
        for stroke in self.strokes(task):
            if isinstance(stroke, Exception):
                raise stroke
            yield stroke
        await asyncio.Event().wait()


@pytest.fixture(autouse=True)
def long_chance(monkeypatch):
    monkeypatch.setattr("limner.actions.running.LAST_CHANCE", PATIENCE)


async def charged(shop):
    day = shop.rows.now().date()
    return [(used.usage.calls, used.usage.cost) for used in await shop.rows.usage("ann", first=day, last=day)]


async def under_way(shop, answer, **facts):
    job_id = await shop.submit(**facts)
    await answer.taken.wait()
    (run,) = shop.workers[0]._runs.values()
    return job_id, run


async def cancelled(shop, answer):
    """The answer comes after the cancel was heard of."""
    job_id, run = await under_way(shop, answer)
    await shop.rows.cancel(job_id)
    await run.interrupted
    answer.come.set()
    return await shop.end(job_id)


async def drained(shop, answer, **facts):
    """The answer comes after the drain has begun to take jobs back."""
    job_id, run = await under_way(shop, answer, **facts)
    stopping = asyncio.create_task(shop.workers[0].stop())
    await run.interrupted
    answer.come.set()
    await stopping
    return await shop.rows.find_job(job_id)


async def test_a_call_whose_answer_comes_after_the_cancel_is_called_off(tmp_path):
    fox = Cancellable(answer := Answer())
    async with workshop(tmp_path, fox=fox) as shop:
        job = await cancelled(shop, answer)
        await eventually(lambda: fox.called_off)
    assert (job.state, job.ambiguous_calls, fox.called_off) == (JobState.CANCELLED, 0, [{"call": 0}])


@pytest.mark.parametrize(("error", "cost"), [(NotSent, (0, 0.0)), (RefusedByPolicy, (1, COST))])
async def test_a_call_whose_end_is_known_is_in_no_doubt_after_a_cancel(tmp_path, error, cost):
    """One that was not taken after all costs nothing; one that was refused may have been charged for."""
    fox = Cancellable(answer := Answer(lambda _: [error()]))
    async with workshop(tmp_path, fox=fox) as shop:
        job = await cancelled(shop, answer)
        assert (job.state, job.ambiguous_calls, await charged(shop)) == (JobState.CANCELLED, 0, [cost])


async def test_a_call_whose_answer_comes_after_a_drain_is_resumed_and_not_paid_for_again(tmp_path):
    fox = Cancellable(answer := Answer(), polls)
    async with workshop(tmp_path, fox=fox) as shop:
        waiting = await drained(shop, answer)
        await shop.worker().start()
        job = await shop.end(waiting.id)
    assert (waiting.state, job.state, job.ambiguous_calls, job.attempt) == (JobState.QUEUED, JobState.SUCCEEDED, 0, 1)
    assert [call.handle for call in fox.tasks[1].resume] == [{"call": 0}]


def sketched(task):
    return [Progress(step=1, steps=2), *(picture(task, ordinal) for ordinal in task.ordinals)]


async def test_pictures_that_come_after_a_drain_are_kept_all_of_them(tmp_path):
    """And a sketch before them uses nothing up."""
    fox = Scripted(answer := Answer(sketched), charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await drained(shop, answer, count=4)
    assert (job.state, len(job.images), job.ambiguous_calls) == (JobState.SUCCEEDED, 4, 0)


async def test_no_call_is_made_after_a_drain(tmp_path):
    async def pays_for_one_beside_the_other(task):
        yield Submitting(ordinals=(0,), request_key="k", cost=COST)
        answer.taken.set()
        await answer.come.wait()
        yield Submitting(ordinals=(1,), request_key="l", cost=COST)
        await asyncio.Event().wait()

    answer = Answer()
    async with workshop(tmp_path, fox=Scripted(pays_for_one_beside_the_other, charges=True)) as shop:
        job = await drained(shop, answer, count=2)
        assert (job.error.code, job.ambiguous_calls, await charged(shop)) == ("ambiguous_charge", 1, [(1, COST)])


async def test_an_answer_that_does_not_come_is_not_waited_for_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("limner.actions.running.LAST_CHANCE", 0.2)
    fox = Cancellable(answer := Answer())
    async with workshop(tmp_path, fox=fox) as shop:
        job_id, _ = await under_way(shop, answer)
        await shop.rows.cancel(job_id)
        job = await shop.end(job_id)
    assert (job.state, job.ambiguous_calls, fox.called_off) == (JobState.CANCELLED, 1, [])


async def cancel(shop, run):
    await shop.rows.cancel(run.job.id)
    run.interrupt(Reason.CANCELLED)


async def drain_and_lose(shop, run):
    waiting, last = asyncio.Event(), Strokes.last

    async def notes(self, **how):
        waiting.set()
        return await last(self, **how)

    with patch.object(Strokes, "last", notes):
        run.interrupt(Reason.DRAINED)
        await waiting.wait()
    run.interrupt(Reason.LEASE_LOST)


@pytest.mark.parametrize(("engine", "interrupt"), [(Scripted, cancel), (Cancellable, drain_and_lose)])
async def test_an_answer_that_is_of_no_use_is_not_waited_for(tmp_path, monkeypatch, engine, interrupt):
    """Of a call that cannot be called off, or when the job is another worker's."""
    monkeypatch.setattr("limner.actions.running.LAST_CHANCE", 100 * PATIENCE)
    async with workshop(tmp_path, fox=engine(answer := Answer())) as shop:
        _, run = await under_way(shop, answer)
        await interrupt(shop, run)
        await eventually(lambda: run not in shop.workers[0]._runs.values())


async def test_where_no_call_is_on_its_way_nothing_is_waited_for(tmp_path, monkeypatch):
    idle = asyncio.Event()

    async def idles(task):
        yield Progress(step=1)
        idle.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("limner.actions.running.LAST_CHANCE", 100 * PATIENCE)
    async with workshop(tmp_path, fox=Cancellable(idles)) as shop:
        await shop.submit()
        await idle.wait()
        (run,) = shop.workers[0]._runs.values()
        await cancel(shop, run)
        await eventually(lambda: run not in shop.workers[0]._runs.values())


@pytest.mark.parametrize("reason", [Reason.CANCELLED, Reason.DRAINED])
@pytest.mark.parametrize("trouble", ["none", "unsure", "unheard"])
async def test_a_call_that_was_told_to_the_row_and_not_made_costs_nothing(tmp_path, monkeypatch, reason, trouble):
    """The interruption comes while the row is told, while the lease is unsure, or while the answer of the row is lost."""

    async def interrupts(lease, call, **how):
        monkeypatch.setattr(shop.repository, "open_call", shop.rows.open_call)
        await shop.rows.open_call(lease, call, **how)
        run = shop.workers[0]._runs[lease]
        if reason is Reason.CANCELLED:
            await shop.rows.cancel(lease.job_id)
        if trouble == "none":
            run.interrupt(reason)
            return
        if trouble == "unsure":
            monkeypatch.setattr(shop.workers[0]._heartbeat, "is_sure", lambda _: False)
        asyncio.get_running_loop().call_later(0.05, ends_trouble, run)
        if trouble == "unheard":
            raise DatabaseUnavailable

    def ends_trouble(run):
        run.interrupt(reason)
        monkeypatch.setattr(shop.workers[0]._heartbeat, "is_sure", sure)

    async with workshop(tmp_path, fox=Scripted(pays, charges=True)) as shop:
        sure = shop.workers[0]._heartbeat.is_sure
        monkeypatch.setattr(shop.repository, "open_call", interrupts, raising=False)
        job = await shop.painted()
        told = await charged(shop)
    over = reason is Reason.CANCELLED
    assert job.state is (JobState.CANCELLED if over else JobState.SUCCEEDED)
    assert (job.ambiguous_calls, told) == (0, [(0, 0.0)] if over else [(1, COST)])


async def test_a_call_that_the_deadline_forestalls_costs_nothing(tmp_path, monkeypatch):
    """The deadline passes while the row is told."""

    async def dawdles(lease, call, **how):
        await shop.rows.open_call(lease, call, **how)
        run = shop.workers[0]._runs[lease]
        run.job = replace(run.job, deadline_at=shop.rows.now() - timedelta(seconds=1))

    async with workshop(tmp_path, fox=Scripted(pays, charges=True)) as shop:
        monkeypatch.setattr(shop.repository, "open_call", dawdles, raising=False)
        job = await shop.painted()
        assert (job.error.code, job.ambiguous_calls, await charged(shop)) == ("deadline_exceeded", 0, [(0, 0.0)])
