import asyncio
import threading
from dataclasses import replace

import pytest

from limner.contracts.repository import Requeue
from limner.domain.errors import DatabaseUnavailable, LeaseLost
from limner.domain.event import ProgressTick
from limner.domain.job import CallPhase, JobError, JobProgress, JobState, Lease, Note
from tests.repositories.making import claimed, lose_next_answer, new_call, new_image, new_job, running, submitted, used

BACK = Requeue()
BROKEN = JobError(code="engine_failed", title="The engine failed", detail="It broke.", retryable=True)

WRITES = {
    "keep_image": lambda repository, claim: repository.keep_image(claim.lease, new_image(claim, 1), finish=False),
    "keep_last_image": lambda repository, claim: repository.keep_image(claim.lease, new_image(claim, 1), finish=True),
    "finish": lambda repository, claim: repository.finish(claim.lease, JobState.FAILED, BROKEN, counters=BACK),
    "requeue": lambda repository, claim: repository.requeue(claim.lease, BACK),
    "open_call": lambda repository, claim: repository.open_call(claim.lease, new_call(claim), fail_if_ambiguous=True),
    "hold_handle": lambda repository, claim: repository.hold_handle(
        claim.lease, new_call(claim, CallPhase.SUBMITTED, {"id": 1})
    ),
}


@pytest.mark.parametrize("write", WRITES)
async def test_an_older_epoch_changes_nothing(repository, write):
    zombie = await running(repository)
    await repository.requeue(zombie.lease, BACK)
    (claim,) = await claimed(repository)
    with pytest.raises(LeaseLost):
        await WRITES[write](repository, zombie)
    assert await repository.find_job(claim.job.id) == claim.job
    assert len(await repository.events_after(claim.job.id, 0)) == 4


@pytest.mark.parametrize("write", WRITES)
async def test_nothing_changes_after_the_end(repository, write):
    zombie = await running(repository)
    await repository.keep_image(zombie.lease, new_image(zombie), finish=True)
    ended = await repository.find_job(zombie.job.id)
    with pytest.raises(LeaseLost):
        await WRITES[write](repository, zombie)
    assert await repository.find_job(zombie.job.id) == ended


async def test_a_renewal_tells_lost_leases_from_held_ones(repository):
    held, lost = await running(repository), Lease(job_id=(await submitted(repository)).id, epoch=1)
    renewal = await asyncio.to_thread(repository.renew, [held.lease, lost], seconds=30)
    assert (renewal.lost, renewal.cancelled) == ({lost}, frozenset())


async def test_a_renewal_brings_the_news_of_a_cancel(repository):
    claim = await running(repository)
    await repository.cancel(claim.job.id)
    renewal = await asyncio.to_thread(repository.renew, [claim.lease], seconds=30)
    assert renewal.cancelled == {claim.job.id}
    assert await repository.cancels_among([claim.job.id]) == {claim.job.id}


async def test_leases_are_renewed_while_the_event_loop_is_stuck(repository):
    claim = await running(repository)
    answers = []
    beat = threading.Thread(target=lambda: answers.append(repository.renew([claim.lease], seconds=30)))
    beat.start()
    beat.join(10)  # the loop runs nothing meanwhile
    assert answers[0].lost == frozenset()


async def test_pictures_are_kept_one_by_one(repository):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim, 1), finish=False)
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.missing, job.images[0].seq, job.event_seq) == ("running", (0,), 3, 3)


async def test_the_last_picture_ends_the_job_in_the_same_change(repository):
    claim = await running(repository)
    change = await repository.keep_image(claim.lease, new_image(claim), finish=True)
    job = await repository.find_job(claim.job.id)
    assert (job.state, change.seq, job.event_seq, job.images[0].seq) == ("succeeded", 3, 3, 3)
    assert (job.finished_at is not None, job.progress.fraction) == (True, 1.0)


async def test_an_ordinal_is_kept_once(repository):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    for lease, image in ((claim.lease, new_image(claim, key="another")), (claim.lease, new_image(claim))):
        with pytest.raises(LeaseLost):
            await repository.keep_image(lease, image, finish=True)
    assert (await repository.find_job(claim.job.id)).event_seq == 3


@pytest.mark.parametrize("last", [False, True])
async def test_a_picture_whose_keeping_was_not_answered_is_asked_for_again(repository, last):
    claim = await running(repository, count=1 if last else 2)
    lose_next_answer(repository)
    with pytest.raises(DatabaseUnavailable):
        await repository.keep_image(claim.lease, new_image(claim), finish=last)
    change = await repository.keep_image(claim.lease, new_image(claim), finish=last)
    job = await repository.find_job(claim.job.id)
    assert (change.job_id, change.owner, change.seq) == (job.id, "ann", 3)
    assert change.ended == (JobState.SUCCEEDED if last else None)
    assert (len(job.images), job.event_seq, (await used(repository))[0]) == (1, 3, 1)


async def test_a_picture_that_was_kept_under_a_lease_that_is_lost_is_not_answered_again(repository):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await repository.requeue(claim.lease, BACK)
    with pytest.raises(LeaseLost):
        await repository.keep_image(claim.lease, new_image(claim), finish=False)


async def test_notes_of_pictures_become_the_jobs_once_each(repository):
    claim = await running(repository, count=3)
    calm, bold = Note(code="not_understood", detail="calm"), Note(code="not_understood", detail="bold")
    for ordinal, notes in enumerate([(calm,), (calm, bold), ()]):
        await repository.keep_image(claim.lease, new_image(claim, ordinal, notes=notes), finish=ordinal == 2)
    assert (await repository.find_job(claim.job.id)).notes == (calm, bold)


async def test_a_failure_says_why(repository):
    claim = await running(repository)
    await repository.finish(claim.lease, JobState.FAILED, BROKEN, counters=Requeue(crashes=1, ambiguous_calls=2))
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.error, job.crash_count, job.ambiguous_calls) == ("failed", BROKEN, 1, 2)


async def test_a_cancel_that_was_asked_for_wins_over_failed(repository):
    claim = await running(repository)
    await repository.cancel(claim.job.id)
    await repository.finish(claim.lease, JobState.FAILED, BROKEN, counters=BACK)
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.error) == ("cancelled", None)


async def test_a_cancel_that_was_asked_for_wins_over_another_try(repository):
    claim = await running(repository)
    await repository.cancel(claim.job.id)
    await repository.requeue(claim.lease, Requeue(crashes=1))
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.crash_count) == ("cancelled", 1)


async def test_a_cancel_comes_too_late_for_a_job_with_all_its_pictures(repository):
    claim = await running(repository)
    await repository.cancel(claim.job.id)
    await repository.keep_image(claim.lease, new_image(claim), finish=True)
    assert (await repository.find_job(claim.job.id)).state == "succeeded"


async def test_a_cancel_wins_over_a_success_with_pictures_missing(repository):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await repository.cancel(claim.job.id)
    await repository.finish(claim.lease, JobState.SUCCEEDED, None, counters=BACK)
    job = await repository.find_job(claim.job.id)
    assert (job.state, len(job.images)) == ("cancelled", 1)


async def test_a_drained_try_counts_as_nothing(repository):
    claim = await running(repository)
    await repository.requeue(claim.lease, Requeue(uncounted=True))
    job = await repository.find_job(claim.job.id)
    assert (job.state, job.attempt, job.lease_losses, job.crash_count) == ("queued", 0, 0, 0)


async def test_a_change_tells_the_final_state_that_it_brought(repository):
    claim = await running(repository, count=2)
    kept = await repository.keep_image(claim.lease, new_image(claim), finish=False)
    last = await repository.keep_image(claim.lease, new_image(claim, 1), finish=True)
    assert (kept.ended, last.ended) == (None, JobState.SUCCEEDED)


async def test_a_requeue_of_a_job_to_cancel_tells_that_it_was_cancelled(repository):
    claim = await running(repository)
    asked = await repository.cancel(claim.job.id)
    back = await repository.requeue(claim.lease, BACK)
    assert (asked.ended, back.ended) == (None, JobState.CANCELLED)


async def test_a_spent_handle_does_not_come_with_the_next_claim(repository):
    claim = await running(repository, count=2)
    held = [replace(new_call(claim, CallPhase.SUBMITTED, {"id": n}), first_ordinal=n) for n in (0, 1)]
    for call in held:
        await repository.hold_handle(claim.lease, call)
    await repository.requeue(claim.lease, Requeue(urgent=True, spent=(0,)))
    assert (await claimed(repository))[0].calls == (held[1],)


async def test_an_open_call_comes_with_the_next_claim(repository):
    claim = await running(repository)
    await repository.open_call(claim.lease, new_call(claim), fail_if_ambiguous=True)
    held = new_call(claim, CallPhase.SUBMITTED, {"poll": "https://…"})
    await repository.hold_handle(claim.lease, held)
    await repository.requeue(claim.lease, Requeue(uncounted=True, urgent=True))
    assert (await claimed(repository))[0].calls == (held,)


async def test_a_call_that_was_counted_is_not_open_any_more(repository):
    claim = await running(repository)
    await repository.open_call(claim.lease, new_call(claim), fail_if_ambiguous=False)
    await repository.requeue(claim.lease, Requeue(ambiguous_calls=1))
    assert (await claimed(repository))[0].calls == ()


async def test_a_call_stays_open_until_all_its_pictures_are_kept(repository):
    claim = await running(repository, count=2)
    held = new_call(claim, CallPhase.SUBMITTED, {"id": 1}, count=2)
    await repository.hold_handle(claim.lease, held)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await repository.requeue(claim.lease, Requeue(urgent=True))
    (again,) = await claimed(repository)
    assert again.calls == (held,)
    await repository.keep_image(again.lease, new_image(again, 1), finish=False)
    await repository.requeue(again.lease, Requeue(urgent=True))
    assert (await claimed(repository))[0].calls == ()


async def test_progress_is_kept_for_running_jobs_only(repository):
    claim, queued = await running(repository), await submitted(repository)
    ticks = [
        ProgressTick(job_id=job_id, owner="ann", fraction=0.5, step=4, steps=8, eta_seconds=1.5)
        for job_id in (claim.job.id, queued.id)
    ]
    await repository.save_progress(ticks)
    assert await repository.progress_of([claim.job.id, queued.id]) == (ticks[0],)
    job = await repository.find_job(claim.job.id)
    assert job.progress == JobProgress(fraction=0.5, step=4, steps=8, eta_seconds=1.5)


async def test_a_queued_job_is_cancelled_at_once(repository):
    job = await submitted(repository)
    assert (await repository.cancel(job.id)).seq == 2
    assert (await repository.find_job(job.id)).state == "cancelled"
    assert await claimed(repository) == ()


async def test_a_cancel_is_asked_for_once(repository):
    claim = await running(repository)
    assert (await repository.cancel(claim.job.id)).seq == 3
    assert await repository.cancel(claim.job.id) is None
    assert await repository.cancel(new_job(repository.now()).id) is None


async def test_events_retell_the_job(repository):
    claim = await running(repository)
    await repository.requeue(claim.lease, Requeue(crashes=1))
    (again,) = await claimed(repository)
    await repository.finish(again.lease, JobState.FAILED, BROKEN, counters=BACK)
    job = await repository.find_job(claim.job.id)
    events = await repository.events_after(job.id, 0)
    told = [replace(job, **event.changes) for event in events]
    assert [event.seq for event in events] == [1, 2, 3, 4, 5]
    assert [at.state for at in told] == ["queued", "running", "queued", "running", "failed"]
    assert [at.attempt for at in told] == [0, 1, 1, 2, 2]
    assert [at.error for at in told] == [None, None, None, None, BROKEN]
