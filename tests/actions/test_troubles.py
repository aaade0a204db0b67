import asyncio
import json
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from limner.domain.budget import Allowance, Budgets
from limner.domain.errors import (
    BadImage,
    OutOfMoney,
    RateLimited,
    RefusedByPolicy,
    Transient,
    Unauthorised,
    UnknownOutcome,
)
from limner.domain.job import JobState
from limner.testing.ledger import LedgerEngine
from limner.testing.ledger_service import charges
from tests.actions.workshop import (
    Scripted,
    eventually,
    fails,
    hangs,
    paints,
    pays,
    polls,
    spoilt,
    submitted,
    submitting,
    workshop,
)

LIMITED = fails(lambda: RateLimited("Slow down.", retry_after=60))
ROUTE = ("fox", "owl")


async def well_again(shop):
    """Watchers hear of a picture before the record of its engine's trouble is gone."""
    async with asyncio.timeout(20):
        while await shop.rows.engine_states():
            await asyncio.sleep(0.01)


def notes_of(job):
    return [note.detail for note in job.notes if note.code == "fallback"]


async def routed(tmp_path, fox, owl=None, **facts):
    """A job that both may paint, at its end, and the tasks that the second one got."""
    owl = owl or Scripted(paints)
    async with workshop(tmp_path, fox=fox, owl=owl, **facts) as shop:
        job = await shop.painted(route=ROUTE)
    return job, owl.tasks


async def test_a_rate_limit_pauses_its_engine_for_all_and_moves_nobody_else(tmp_path):
    fox = Scripted(LIMITED, paints, concurrency=1)
    async with workshop(tmp_path, fox=fox, owl=Scripted(paints)) as shop:
        mine = [await shop.submit(route=("fox",), owner=owner) for owner in ("ann", "ben", "cleo")]
        await shop.until(mine[0], lambda job: job.not_before)
        others = [await shop.painted(route=("owl",)) for _ in range(3)]
        states = {(await shop.rows.find_job(job_id)).state for job_id in mine}
        waiting = await shop.rows.find_job(mine[2])
    assert {other.state for other in others} == {JobState.SUCCEEDED}
    assert (states, len(fox.tasks)) == ({JobState.QUEUED}, 1)
    assert waiting.expected_start_at > waiting.created_at


async def test_jobs_that_were_rate_limited_go_on_by_themselves_and_no_try_is_lost(tmp_path):
    limited = fails(lambda: RateLimited(retry_after=0.2))
    fox = Scripted(limited, limited, paints)
    async with workshop(tmp_path, policy={"max_attempts": 2}, fox=fox) as shop:
        job = await shop.painted()
        await well_again(shop)
    assert (job.state, job.attempt) == (JobState.SUCCEEDED, 1)


async def test_an_empty_account_fails_the_job_that_found_out_and_the_others_wait(tmp_path):
    fox = Scripted(fails(OutOfMoney), paints, concurrency=1)
    async with workshop(tmp_path, policy={"breaker_pause": 0.3}, fox=fox) as shop:
        first, *others = [await shop.submit() for _ in range(3)]
        assert (await shop.end(first)).error.code == "provider_out_of_money"
        ends = [await shop.end(job_id) for job_id in others]
    assert {job.state for job in ends} == {JobState.SUCCEEDED}


async def test_a_probe_that_fails_goes_back_to_the_queue(tmp_path):
    fox = Scripted(fails(Unauthorised), fails(Unauthorised), paints, concurrency=1)
    async with workshop(tmp_path, policy={"breaker_pause": 0.1}, fox=fox) as shop:
        first, second = [await shop.submit() for _ in range(2)]
        assert (await shop.end(first)).error.code == "provider_unauthorised"
        job = await shop.end(second)
    assert (job.state, job.attempt, len(fox.tasks)) == (JobState.SUCCEEDED, 1, 3)


async def test_passing_faults_open_the_breaker_and_a_picture_closes_it(tmp_path):
    fox = Scripted(fails(Transient), fails(Transient), paints)
    async with workshop(tmp_path, policy={"breaker_failures": 2, "breaker_pause": 0.2}, fox=fox) as shop:
        job_id = await shop.submit()
        await eventually(lambda: len(fox.tasks) == 2)
        assert (await shop.end(job_id)).state is JobState.SUCCEEDED
        await well_again(shop)


async def test_a_job_that_poisons_its_child_says_nothing_of_the_engine(tmp_path):
    fox = Scripted(fails(ValueError))
    async with workshop(tmp_path, policy={"breaker_failures": 1}, fox=fox) as shop:
        await shop.painted()
        assert not await shop.rows.engine_states()


async def test_a_drain_during_a_call_says_nothing_of_the_engine(tmp_path):
    called = asyncio.Event()

    async def calls(task):
        for stroke in submitting(task):
            yield stroke
        called.set()
        await asyncio.Event().wait()

    fox = Scripted(calls, charges=True)
    async with workshop(tmp_path, policy={"breaker_failures": 1}, work=False, fox=fox) as shop:
        worker = shop.worker()
        await worker.start()
        job_id = await shop.submit()
        await called.wait()
        await worker.stop()
        assert (await shop.end(job_id)).error.code == "ambiguous_charge"
        assert not await shop.rows.engine_states()


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (lambda: RateLimited(retry_after=60), "is rate limited"),
        (OutOfMoney, "is out of credit"),
        (Unauthorised, "refuses our key"),
    ],
)
async def test_the_next_engine_takes_over_and_people_are_told(tmp_path, error, why):
    job, tasks = await routed(tmp_path, Scripted(fails(error)))
    assert (job.state, job.route_index, len(tasks)) == (JobState.SUCCEEDED, 1, 1)
    assert notes_of(job) == [f"owl took over: fox {why}."]


async def test_a_service_that_fails_again_and_again_hands_over_after_its_tries(tmp_path):
    fox, owl = Scripted(fails(Transient)), Scripted(paints)
    async with workshop(tmp_path, fox=fox, owl=owl) as shop:
        job = await shop.painted(route=ROUTE, max_attempts=2)
    assert (job.state, len(fox.tasks), len(owl.tasks)) == (JobState.SUCCEEDED, 2, 1)
    assert notes_of(job) == ["owl took over: fox has trouble."]


async def test_what_is_missing_is_painted_by_the_next_engine_with_its_own_keys(tmp_path):
    async def paints_one(task):
        for stroke in [stroke async for stroke in pays(task)][:2]:
            yield stroke
        raise OutOfMoney

    owl = Scripted(pays, charges=True)
    async with workshop(tmp_path, fox=Scripted(paints_one, charges=True), owl=owl) as shop:
        job = await shop.painted(route=("fox", "owl"), count=3)
    (task,) = owl.tasks
    assert (job.state, len(job.images), task.ordinals, task.resume) == (JobState.SUCCEEDED, 3, (1, 2), ())
    assert task.request_key == f"{job.id}:2"


@pytest.mark.parametrize(
    ("play", "code"),
    [
        (fails(RefusedByPolicy), "refused_by_policy"),
        (fails(BadImage, before=lambda task: [*submitted(task), *spoilt(task)]), "bad_image"),
        (fails(UnknownOutcome, before=submitting), "ambiguous_charge"),
    ],
)
async def test_what_was_refused_or_paid_for_never_buys_the_next_engine_unasked(tmp_path, play, code):
    job, tasks = await routed(tmp_path, Scripted(play, charges=True))
    assert (job.state, job.error.code, tasks) == (JobState.FAILED, code, [])


async def test_a_call_that_can_be_resumed_keeps_its_engine(tmp_path):
    fox = Scripted(fails(lambda: RateLimited(retry_after=0.5), before=submitted), polls, charges=True)
    job, tasks = await routed(tmp_path, fox, policy={"route_patience": 0.0})
    assert (job.state, len(fox.tasks), tasks) == (JobState.SUCCEEDED, 2, [])


async def test_jobs_behind_a_paused_engine_do_not_wait_for_it(tmp_path):
    fox = Scripted(LIMITED, concurrency=1)
    async with workshop(tmp_path, fox=fox, owl=Scripted(paints)) as shop:
        jobs = [await shop.submit(route=ROUTE) for _ in range(5)]
        ends = [await shop.end(job_id) for job_id in jobs]
    assert {(job.state, job.route_index) for job in ends} == {(JobState.SUCCEEDED, 1)}
    assert len(fox.tasks) == 1


async def test_a_stale_answer_does_not_take_the_job_from_the_next_engine(tmp_path):
    """The first worker lost its lease while it waited for the service; what it hears at last changes nothing."""
    answer = asyncio.Event()

    async def late(task):
        await answer.wait()
        raise Transient
        yield

    fox, owl = Scripted(late, fails(OutOfMoney)), Scripted(hangs, paints)
    async with workshop(tmp_path, work=False, fox=fox, owl=owl) as shop:
        await shop.worker().start()
        job_id = await shop.submit(route=ROUTE)
        await eventually(lambda: fox.tasks)
        await shop.rows.sweep(policy=shop.policy, is_dead=lambda worker: True)
        await shop.worker(name="second").start()
        taken = await shop.until(job_id, lambda job: job.route_index == 1 and job.state is JobState.RUNNING)
        answer.set()
        await asyncio.sleep(0.3)
        found = await shop.rows.find_job(job_id)
    assert (found.route_index, found.attempt, notes_of(found)) == (1, taken.attempt, notes_of(taken))


TWO = """
import asyncio, sys
from pathlib import Path
from limner.testing.ledger import LedgerEngine
from tests.actions.workshop import workshop

async def main(folder):
    fox = LedgerEngine(ledger=f"{folder}/fox", control=f"{folder}/control", concurrency=1)
    async with workshop(Path(folder), policy={"lease": 60.0}, fox=fox):
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main(sys.argv[1]))
"""


async def test_two_processes_share_a_pause(tmp_path):
    """Ten jobs, two workers, one word of the service: it is asked once."""
    control = tmp_path / "control"
    control.write_text(json.dumps({"deed": "rate_limit", "seconds": 60}))
    fox = LedgerEngine(ledger=str(tmp_path / "fox"), control=str(control), concurrency=1)
    async with workshop(tmp_path, policy={"lease": 60.0}, work=False, fox=fox) as shop:
        first = await shop.submit()
        process = subprocess.Popen([sys.executable, "-c", TWO, str(tmp_path)], stdout=subprocess.PIPE)
        try:
            await shop.until(first, lambda job: job.not_before)
            control.unlink()
            await shop.worker().start()
            jobs = [await shop.submit() for _ in range(9)]
            await asyncio.sleep(1.0)
            states = {(await shop.rows.find_job(job_id)).state for job_id in [first, *jobs]}
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate()
    assert states == {JobState.QUEUED}
    assert not charges(tmp_path / "fox")


async def test_two_workers_that_are_refused_at_once_move_each_job_once(tmp_path):
    fox = Scripted(fails(OutOfMoney), concurrency=4)
    async with workshop(tmp_path, work=False, fox=fox, owl=Scripted(paints)) as shop:
        jobs = [await shop.submit(route=ROUTE) for _ in range(8)]
        for name in ("one", "two"):
            await shop.worker(name=name).start()
        ends = [await shop.end(job_id) for job_id in jobs]
    assert {(job.state, job.route_index, len(notes_of(job))) for job in ends} == {(JobState.SUCCEEDED, 1, 1)}


async def test_a_job_over_its_budget_waits_for_the_next_day(tmp_path):
    """At the door there was room: the price rose since."""
    fox = Scripted(pays, charges=True)
    async with workshop(tmp_path, budgets=Budgets(per_owner=Allowance(day=0.01)), fox=fox) as shop:
        job_id = await shop.submit(deadline_at=shop.rows.now() + timedelta(days=2))
        job = await shop.until(job_id, lambda job: job.not_before)
    assert (job.state, job.attempt, job.ambiguous_calls) == (JobState.QUEUED, 0, 0)
    assert (job.expected_start_at.hour, job.expected_start_at.minute) == (0, 0)


async def test_a_job_that_cannot_wait_for_its_budget_fails_with_its_reason(tmp_path):
    fox = Scripted(pays, charges=True)
    async with workshop(tmp_path, budgets=Budgets(per_owner=Allowance(month=0.01)), fox=fox) as shop:
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=30))
    assert job.error.code == "budget_exhausted"
    assert "has 0.01 left, and this costs about 0.04" in job.error.detail


async def test_an_engine_that_costs_nothing_takes_over_where_the_budget_ends(tmp_path):
    budgets = Budgets(per_engine={"fox": Allowance(day=0.09)})
    fox, owl = Scripted(pays, charges=True), Scripted(paints)
    async with workshop(tmp_path, budgets=budgets, fox=fox, owl=owl) as shop:
        job = await shop.painted(route=ROUTE, count=3)
        day = shop.rows.now().date()
        used = {day.engine: day.usage for day in await shop.rows.usage("ann", first=day, last=day)}
    assert (job.state, notes_of(job)) == (JobState.SUCCEEDED, ["owl took over: fox is over its budget."])
    assert (used["fox"].pictures, used["fox"].cost, used["owl"].pictures) == (2, 0.08, 1)


async def test_a_rate_limited_call_is_not_on_the_ledger_and_a_refused_one_is(tmp_path):
    limited = fails(lambda: RateLimited(retry_after=0.1), before=submitting)
    fox = Scripted(limited, fails(RefusedByPolicy, before=submitting), charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        await shop.painted()
        day = shop.rows.now().date()
        (used,) = await shop.rows.usage("ann", first=day, last=day)
    assert used.usage.calls == 1
