import asyncio
import logging
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from limner.actions.webhooks import Webhooks
from limner.contracts.engine import Progress, Submitted, Submitting
from limner.domain.errors import (
    BadImage,
    EngineCrashed,
    RateLimited,
    RefusedByPolicy,
    StorageFull,
    Transient,
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
    picture,
    polls,
    spoilt,
    submitted,
    submitting,
    workshop,
)

SECRET = "a unicorn nobody may read about"


async def test_every_picture_of_a_job_is_kept(tmp_path):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        job = await shop.painted(count=3)
        assert (job.state, job.missing, job.attempt) == (JobState.SUCCEEDED, (), 1)
        assert [image.seed for image in job.images] == [7, 8, 9]
        assert all([await shop.storage.read(image.key) for image in job.images])


async def test_an_engine_gets_what_it_needs_to_know(tmp_path):
    fox = Scripted(paints)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(count=2)
    (task,) = fox.tasks
    assert (task.job_id, task.request, task.ordinals, task.attempt) == (job.id, job.request, (0, 1), 1)
    assert (task.resume, task.deadline, task.alone, task.model) == ((), job.deadline_at, False, "")


async def test_the_part_of_a_model_after_its_engine_reaches_the_engine(tmp_path):
    fox = Scripted(paints, models=("large", "small"))
    async with workshop(tmp_path, fox=fox) as shop:
        await shop.painted(model="fox/small")
    assert fox.tasks[0].model == "small"


async def test_a_retry_is_a_row_and_asks_for_what_is_missing(tmp_path):
    fox = Scripted(fails(lambda: RateLimited(retry_after=0.3), before=lambda task: [picture(task, 0)]), paints)
    async with workshop(tmp_path, fox=fox) as shop:
        job_id = await shop.submit(count=2)
        waiting = await shop.until(job_id, lambda job: job.state is JobState.QUEUED and job.images)
        assert waiting.not_before is not None
        job = await shop.end(job_id)
    assert (job.state, job.attempt, fox.tasks[1].ordinals) == (JobState.SUCCEEDED, 1, (1,))


async def test_what_was_painted_is_kept_though_the_job_fails(tmp_path):
    fox = Scripted(fails(RefusedByPolicy, before=lambda task: [picture(task, 0)]))
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(count=2)
    assert (job.state, job.error.code, len(job.images)) == (JobState.FAILED, "refused_by_policy", 1)


async def test_three_crashes_fail_a_job_while_others_finish(tmp_path):
    async with workshop(tmp_path, bad=Scripted(fails(EngineCrashed)), fox=Scripted(paints)) as shop:
        poison = await shop.submit(route=("bad",))
        others = [await shop.painted(route=("fox",)) for _ in range(10)]
        job = await shop.end(poison)
    assert {other.state for other in others} == {JobState.SUCCEEDED}
    assert (job.state, job.error.code, job.crash_count) == (JobState.FAILED, "engine_crashed", 3)
    assert job.error.detail == "It stopped three times; nothing was painted."


async def test_an_engine_that_raises_anything_counts_as_crashed_and_its_words_stay_out_of_the_log(tmp_path, caplog):
    fox = Scripted(fails(lambda: ValueError(SECRET)))
    async with workshop(tmp_path, policy={"max_crashes": 1}, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.crash_count) == ("engine_crashed", 1)
    assert "builtins.ValueError" in caplog.text
    assert SECRET not in caplog.text + job.error.detail


async def test_services_are_not_listened_to_for_an_engine_that_fails_before_it_paints(tmp_path):
    class Tripping(Scripted):
        def paint(self, task):
            raise RefusedByPolicy(task.webhook.url)

    webhooks = Webhooks()
    webhooks.serve_at("https://images.example.com")
    async with workshop(tmp_path, work=False, fox=Tripping()) as shop:
        await shop.worker(webhooks=webhooks).start()
        job = await shop.painted()
        await eventually(lambda: shop.workers[0].running == 0)
    assert job.error.detail.startswith("https://images.example.com/webhooks/")
    assert not webhooks.expects(job.error.detail.rpartition("/")[2])


async def test_the_death_of_a_shared_child_brings_a_job_back_at_once_and_then_alone(tmp_path):
    died = fails(lambda: EngineCrashed(own=False))
    fox = Scripted(died, died, paints)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.lease_losses, job.crash_count) == (JobState.SUCCEEDED, 2, 0)
    assert [task.alone for task in fox.tasks] == [False, False, True]


async def test_an_engine_that_falls_silent_is_stopped(tmp_path):
    fox = Scripted(hangs, silence_timeout=0.1)
    async with workshop(tmp_path, policy={"max_crashes": 1}, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.error.detail) == ("engine_timeout", "The engine said nothing for 0.1 seconds.")
    assert fox.closed == 1


async def test_an_engine_that_takes_too_long_is_stopped(tmp_path):
    async def never_ends(task):
        while True:
            yield Progress(step=1)
            await asyncio.sleep(0.01)

    fox = Scripted(never_ends, paint_timeout=0.2)
    async with workshop(tmp_path, policy={"max_crashes": 1}, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, fox.closed) == ("engine_timeout", 1)


async def test_an_engine_that_will_not_stop_is_left_behind(tmp_path):
    released = asyncio.Event()

    async def deaf(task):
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        yield picture(task, 0)

    async with workshop(tmp_path, policy={"max_crashes": 1}, fox=Scripted(deaf, silence_timeout=0.1)) as shop:
        job = await shop.painted()
        assert job.error.code == "engine_timeout"
        released.set()
        await asyncio.sleep(0.05)
        assert (await shop.rows.find_job(job.id)).images == ()


async def test_a_job_ends_at_its_deadline(tmp_path):
    async with workshop(tmp_path, fox=Scripted(hangs)) as shop:
        job = await shop.painted(deadline_at=shop.rows.now() + timedelta(seconds=0.3))
    assert (job.state, job.error.code) == (JobState.FAILED, "deadline_exceeded")


async def test_an_engine_is_closed_though_its_cancel_cannot_be_recorded(tmp_path, monkeypatch):
    async def trips(run):
        raise KeyError(SECRET)

    fox = Scripted(hangs)
    async with workshop(tmp_path, fox=fox) as shop:
        monkeypatch.setattr("limner.actions.run_job.settle_cancelled", trips)
        job_id = await shop.submit()
        await shop.until(job_id, lambda job: job.state is JobState.RUNNING)
        await shop.rows.cancel(job_id)
        await shop.end(job_id)
    assert fox.closed == len(fox.tasks)


async def test_a_success_is_counted_and_timed(tmp_path):
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        await shop.painted(count=2)
        await eventually(lambda: "limner_finish_seconds_count 1.0" in shop.observer.render().decode())
        assert 'limner_jobs_total{state="succeeded"} 1.0' in shop.observer.render().decode()


async def pays_once(task):
    yield Submitting(ordinals=task.ordinals, request_key=task.request_key, cost=0.1)
    for ordinal in task.ordinals:
        yield picture(task, ordinal)


@pytest.mark.parametrize("count", [1, 4])
async def test_a_picture_that_was_kept_without_an_answer_loses_nothing_that_is_paid_for(tmp_path, count):
    fox = Scripted(pays_once, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        shop.repository.unheard.add("keep_image")
        job = await shop.painted(count=count)
        await eventually(lambda: shop.workers[0].running == 0)
        told = shop.observer.render().decode()
    assert (job.state, len(job.images), job.ambiguous_calls, len(fox.tasks)) == (JobState.SUCCEEDED, count, 0, 1)
    assert 'limner_jobs_total{state="succeeded"} 1.0' in told
    assert "limner_lease_losses_total 0.0" in told


async def test_an_end_is_counted_as_what_the_row_took(tmp_path):
    async def is_cancelled_as_it_fails(task):
        await shop.rows.cancel(task.job_id)
        raise RefusedByPolicy
        yield

    async with workshop(tmp_path, policy={"cancel_check": 60.0}, fox=Scripted(is_cancelled_as_it_fails)) as shop:
        job = await shop.painted()
        await eventually(lambda: "limner_jobs_total{" in shop.observer.render().decode())
        told = shop.observer.render().decode()
    assert (job.state, 'limner_jobs_total{state="failed"}' in told) == (JobState.CANCELLED, False)
    assert 'limner_jobs_total{state="cancelled"} 1.0' in told


async def test_an_engine_that_ends_too_early_fails(tmp_path):
    async def ends_early(task):
        yield picture(task, 0)

    async with workshop(tmp_path, fox=Scripted(ends_early)) as shop:
        job = await shop.painted(count=3, max_attempts=1)
    assert (job.error.code, job.error.detail) == ("engine_failed", "The engine ended without 2 of 3 pictures.")


def sells_short(tmp_path, **misdeed):
    deed = {"deed": "short_delivery", **misdeed}
    return LedgerEngine(ledger=str(tmp_path / "ledger"), pictures_per_call=4, misbehave=deed)


async def test_a_picture_that_was_charged_and_never_came_is_not_bought_again_unasked(tmp_path):
    async with workshop(tmp_path, fox=sells_short(tmp_path)) as shop:
        job = await shop.painted(count=4)
    assert (job.error.code, job.missing, job.ambiguous_calls) == ("ambiguous_charge", (3,), 1)
    assert job.error.detail == "The engine ended without 1 of 4 pictures. What is missing may have been charged."
    assert charges(tmp_path / "ledger") == {(job.id, ordinal): 1 for ordinal in range(4)}


async def test_a_picture_that_never_came_is_bought_again_and_counted_where_the_operator_said_so(tmp_path):
    fox = sells_short(tmp_path, attempts=1)
    async with workshop(tmp_path, on_ambiguous={"fox": "retry"}, fox=fox) as shop:
        job = await shop.painted(count=4)
    assert (job.state, job.ambiguous_calls) == (JobState.SUCCEEDED, 1)
    assert charges(tmp_path / "ledger")[job.id, 3] == 2


@pytest.mark.parametrize(
    "strokes",
    [
        [Submitting(ordinals=(0,), request_key="k"), "no stroke"],
        [Submitted(ordinals=(0,), handle={"call": 1})],
    ],
)
async def test_a_paid_call_of_an_engine_that_breaks_its_contract_is_ambiguous(tmp_path, strokes):
    fox = Scripted(fails(Transient, before=lambda task: strokes), charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.ambiguous_calls, len(fox.tasks)) == ("ambiguous_charge", 1, 1)


@pytest.mark.parametrize("ordinals", [(), (0, 2), (1, 0)])
async def test_a_call_for_ordinals_that_a_row_cannot_hold_is_refused_before_it_is_paid(tmp_path, ordinals):
    async def buys(task):
        yield Submitting(ordinals=ordinals, request_key="k")
        paid.append(ordinals)

    paid = []
    async with workshop(tmp_path, fox=Scripted(buys, charges=True)) as shop:
        job = await shop.painted(count=3, max_attempts=1)
    assert (job.error.code, job.ambiguous_calls, paid) == ("engine_failed", 0, [])


async def test_a_picture_that_was_not_asked_for_is_dropped(tmp_path):
    async def paints_too_much(task):
        for ordinal in (0, 0, 7, 1):
            yield picture(task, ordinal)

    async with workshop(tmp_path, fox=Scripted(paints_too_much)) as shop:
        job = await shop.painted(count=2)
    assert [image.ordinal for image in job.images] == [0, 1]


async def test_an_engine_may_come_to_its_own_end(tmp_path):
    ended = asyncio.Event()

    async def cleans_up(task):
        yield picture(task, 0)
        ended.set()

    async with workshop(tmp_path, fox=Scripted(cleans_up)) as shop:
        await shop.painted()
        await asyncio.wait_for(ended.wait(), 5)


async def test_an_engine_that_fails_after_its_last_picture_changes_nothing(tmp_path):
    async with workshop(tmp_path, fox=Scripted(fails(Transient, before=lambda task: [picture(task, 0)]))) as shop:
        job = await shop.painted()
        await eventually(lambda: not shop.workers[0].running)
        assert (await shop.rows.find_job(job.id)).state is JobState.SUCCEEDED


async def test_a_paid_call_is_a_row_before_the_engine_goes_on(tmp_path):
    async def looks(task):
        yield Submitting(ordinals=(0,), request_key="k", cost=0.04)
        phases.append(phases_of(shop, task.job_id))
        yield Submitted(ordinals=(0,), handle={"call": 1})
        phases.append(phases_of(shop, task.job_id))
        yield picture(task, 0)
        phases.append(phases_of(shop, task.job_id))

    phases = []
    async with workshop(tmp_path, fox=Scripted(looks, charges=True)) as shop:
        await shop.painted()
        await eventually(lambda: len(phases) == 3)
    assert phases == [["submitting"], ["submitted"], ["done"]]


def phases_of(shop, job_id):
    with closing(sqlite3.connect(shop.database)) as connection:
        rows = connection.execute("SELECT phase FROM limner_calls WHERE job_id = ?", (job_id,)).fetchall()
    return [phase for (phase,) in rows]


async def test_a_handle_is_resumed_and_not_paid_for_again(tmp_path):
    fox = Scripted(fails(lambda: RateLimited(retry_after=0), before=submitted), polls, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    (call,) = fox.tasks[1].resume
    assert (call.ordinals, call.request_key, call.handle) == ((0,), "k", {"call": 1})
    assert (job.state, job.ambiguous_calls) == (JobState.SUCCEEDED, 0)


async def test_a_crash_during_a_paid_call_fails_the_job_by_default(tmp_path):
    fox = Scripted(fails(EngineCrashed, before=submitting), charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.ambiguous_calls, len(fox.tasks)) == ("ambiguous_charge", 1, 1)


async def test_a_crash_during_a_paid_call_is_tried_again_where_the_operator_said_so(tmp_path):
    fox = Scripted(fails(EngineCrashed, before=submitting), pays, charges=True)
    async with workshop(tmp_path, on_ambiguous={"fox": "retry"}, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.ambiguous_calls) == (JobState.SUCCEEDED, 1)


async def test_a_call_that_failed_for_sure_is_not_ambiguous(tmp_path):
    fox = Scripted(fails(lambda: RateLimited(retry_after=0), before=submitting), pays, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.ambiguous_calls, fox.tasks[1].resume) == (JobState.SUCCEEDED, 0, ())


async def test_a_picture_that_was_paid_for_and_is_none_is_bought_once_more(tmp_path):
    bad = fails(BadImage, before=lambda task: [*submitted(task), *spoilt(task)])
    fox = Scripted(bad, polls, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.state, job.bad_images, job.paid_bad_outputs) == (JobState.SUCCEEDED, 1, 1)
    assert fox.tasks[1].resume == ()


async def test_a_handle_that_bought_a_bad_picture_is_spent_while_others_are_resumed(tmp_path):
    def buys_two(task):
        for ordinal in task.ordinals:
            yield Submitting(ordinals=(ordinal,), request_key=f"k{ordinal}")
            yield Submitted(ordinals=(ordinal,), handle={"call": ordinal})
        yield from spoilt(task)

    fox = Scripted(fails(BadImage, before=buys_two), polls, charges=True)
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted(count=2)
    assert [call.ordinals for call in fox.tasks[1].resume] == [(1,)]
    assert (job.state, job.bad_images, job.paid_bad_outputs) == (JobState.SUCCEEDED, 1, 1)


async def test_a_second_picture_that_is_none_is_final(tmp_path):
    fox = Scripted(fails(BadImage, before=spoilt))
    async with workshop(tmp_path, fox=fox) as shop:
        job = await shop.painted()
    assert (job.error.code, job.bad_images, job.paid_bad_outputs, len(fox.tasks)) == ("bad_image", 2, 0, 2)


async def test_a_full_storage_is_waited_for_and_the_engine_is_not_asked_again(tmp_path, monkeypatch):
    fox, full = Scripted(pays, charges=True, silence_timeout=0.2, paint_timeout=0.3), True

    async def write(key, data, write=None):
        if full:
            raise StorageFull
        await kept(key, data)

    async with workshop(tmp_path, fox=fox) as shop:
        kept = shop.storage.write
        monkeypatch.setattr(shop.storage, "write", write)
        job_id = await shop.submit()
        await asyncio.sleep(0.5)
        assert (await shop.rows.find_job(job_id)).state is JobState.RUNNING
        full = False
        job = await shop.end(job_id)
    assert (job.state, job.attempt, len(fox.tasks)) == (JobState.SUCCEEDED, 1, 1)


async def test_a_fault_of_ours_is_one_failed_try_and_quotes_nothing(tmp_path, monkeypatch, caplog):
    async def trips(*given, **named):
        raise KeyError(SECRET)

    caplog.set_level(logging.INFO)
    async with workshop(tmp_path, fox=Scripted(paints)) as shop:
        monkeypatch.setattr("limner.actions.keep_stroke.keep_image", trips)
        job = await shop.painted(max_attempts=1)
    assert (job.state, job.error.code, job.error.retryable) == (JobState.FAILED, "internal", True)
    assert "builtins.KeyError" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("junk", [None, "a picture", 7, b"\x89PNG"])
async def test_what_is_no_stroke_fails_the_try(tmp_path, junk):
    async def yields_junk(task):
        yield junk

    async with workshop(tmp_path, fox=Scripted(yields_junk)) as shop:
        job = await shop.painted(max_attempts=1)
    assert job.error.code == "engine_failed"
