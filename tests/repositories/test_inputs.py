import asyncio
from dataclasses import replace

import pytest

from limner.contracts.repository import Idempotency, Requeue
from limner.domain.errors import InvalidRequest, TooManyInputs
from limner.domain.identity import new_id
from limner.domain.input import InputReference
from limner.domain.job import JobState
from limner.repositories.sql import deleting, inputs
from limner.repositories.sql.locks import lock_nothing
from tests.repositories.making import (
    POLICY,
    claimed,
    named,
    new_image,
    new_job,
    on_sqlite,
    running,
    start_from,
    uploaded,
)

HOUR = 3600
DAY = 24 * HOUR


async def painted(repository, **facts):
    """A picture that was kept."""
    claim = await running(repository, **facts)
    image = new_image(claim)
    await repository.keep_image(claim.lease, image, finish=True)
    return await repository.find_image(image.id)


async def end(repository, job):
    await repository.cancel(job.id)
    return job


async def expire(repository, policy=POLICY):
    return await repository.expire(policy=policy)


def pointers(raised):
    return [(fault.pointer, fault.code) for fault in raised.value.errors]


async def test_an_upload_reads_back_as_it_was_kept(repository):
    new = await uploaded(repository)
    assert await repository.find_input(new.id) == new
    assert await repository.find_input(new_id()) is None


async def test_a_job_holds_what_it_starts_from_in_order(repository):
    upload, image = await uploaded(repository), await painted(repository)
    job = await start_from(repository, image, upload)
    assert await repository.inputs_of(job.id) == (named(image), named(upload))


async def test_the_request_of_a_job_reads_back_with_its_inputs(repository):
    upload = await uploaded(repository)
    job = new_job(repository.now())
    request = replace(job.request, inputs=(named(upload).reference,), strength=0.6)
    await repository.submit(replace(job, request=request), inputs=[named(upload)], idempotency=None, policy=POLICY)
    assert (await repository.find_job(job.id)).request == request


async def test_what_is_known_of_references_comes_in_their_order(repository):
    upload, image = await uploaded(repository), await painted(repository)
    asked = [named(image).reference, InputReference(role="image", input=new_id()), named(upload, "mask").reference]
    assert await repository.find_inputs("ann", asked) == (named(image), None, named(upload, "mask"))


async def test_an_id_names_only_a_thing_of_its_kind(repository):
    upload, image = await uploaded(repository), await painted(repository)
    asked = [InputReference(role="image", image=upload.id), InputReference(role="image", input=image.id)]
    assert await repository.find_inputs("ann", asked) == (None, None)


async def test_another_owners_uploads_and_images_are_not_there(repository):
    asked = [named(await uploaded(repository)).reference, named(await painted(repository)).reference]
    assert await repository.find_inputs("ben", asked) == (None, None)


@pytest.mark.parametrize("kind", [uploaded, painted])
async def test_a_job_cannot_be_given_what_is_anothers(repository, kind):
    thing = await kind(repository)
    with pytest.raises(InvalidRequest) as raised:
        await start_from(repository, thing, owner="ben")
    where = "input" if kind is uploaded else "image"
    assert pointers(raised) == [(f"/inputs/0/{where}", "unknown_input")]


async def test_an_unused_upload_expires_with_its_bytes(repository, clock):
    new = await uploaded(repository)
    clock.pass_(DAY - 1)
    assert (await expire(repository))[1] == ()
    clock.pass_(1)
    assert await repository.find_input(new.id) is None
    report, keys = await expire(repository)
    assert (keys, report.counts["inputs_expired"]) == ((new.key,), 1)


async def test_an_expired_upload_starts_nothing_though_it_is_not_swept(repository, clock):
    new = await uploaded(repository)
    clock.pass_(DAY)
    with pytest.raises(InvalidRequest):
        await start_from(repository, new)


async def test_a_used_upload_does_not_expire(repository, clock):
    new = await uploaded(repository)
    await start_from(repository, new)
    clock.pass_(10 * DAY)
    assert (await expire(repository))[1] == ()
    assert (await repository.find_input(new.id)).expires_at is None


async def test_a_used_upload_goes_with_the_last_job_that_uses_it(repository):
    new = await uploaded(repository)
    first, last = [await end(repository, await start_from(repository, new)) for _ in range(2)]
    assert await repository.delete_job(first.id) == ()
    assert await repository.find_input(new.id) is not None
    assert await repository.delete_job(last.id) == (new.key,)
    assert await repository.find_input(new.id) is None


async def test_an_upload_named_twice_by_one_job_goes_once(repository):
    new = await uploaded(repository)
    job = await end(repository, await start_from(repository, new, new))
    assert await repository.delete_job(job.id) == (new.key,)


async def test_a_deleted_upload_starts_nothing(repository):
    new = await uploaded(repository)
    assert await repository.delete_input(new.id) == (new.key,)
    with pytest.raises(InvalidRequest):
        await start_from(repository, new)


async def test_a_deleted_upload_stays_with_the_job_that_holds_it(repository):
    new = await uploaded(repository)
    job = await end(repository, await start_from(repository, new))
    assert await repository.delete_input(new.id) == ()
    assert await repository.find_input(new.id) is None
    assert await repository.known_keys([new.key]) == {new.key}
    assert await repository.inputs_of(job.id) == (named(new),)
    assert await repository.delete_job(job.id) == (new.key,)


async def test_a_picture_that_a_job_starts_from_outlives_its_own_job(repository):
    image = await painted(repository)
    job = await end(repository, await start_from(repository, image))
    assert await repository.delete_job(image.job_id) == ()
    assert await repository.inputs_of(job.id) == (named(image),)
    assert await repository.delete_job(job.id) == (image.key,)


async def test_a_deleted_picture_that_a_job_starts_from_is_not_purged_from_storage(repository, clock):
    image = await painted(repository)
    job = await end(repository, await start_from(repository, image))
    await repository.delete_image(image.id)
    clock.pass_(HOUR)
    report, keys = await expire(repository)
    assert (keys, report.counts["images_purged"]) == ((), 1)
    assert await repository.delete_job(job.id) == (image.key,)


async def test_a_deleted_picture_starts_nothing(repository):
    image = await painted(repository)
    await repository.delete_image(image.id)
    with pytest.raises(InvalidRequest):
        await start_from(repository, image)


async def test_a_repeat_under_the_same_key_is_the_same_job_though_the_upload_is_gone(repository):
    new, key = await uploaded(repository), Idempotency(key="k", fingerprint="f")
    job = await start_from(repository, new, idempotency=key)
    await repository.delete_input(new.id)
    (known,) = await repository.find_inputs("ann", [named(new).reference])
    assert known == named(new)
    assert (await start_from(repository, new, idempotency=key)).id == job.id


async def test_a_retry_has_what_the_job_before_it_holds(repository):
    new = await uploaded(repository)
    job = await end(repository, await start_from(repository, new))
    await repository.delete_input(new.id)
    again = await end(repository, await start_from(repository, new, retry_of=job.id))
    assert await repository.delete_job(job.id) == ()
    assert await repository.inputs_of(again.id) == (named(new),)


async def test_a_retry_has_nothing_that_the_job_before_it_does_not_hold(repository):
    new, other = await uploaded(repository), await uploaded(repository)
    job = await end(repository, await start_from(repository, new))
    await repository.delete_input(other.id)
    with pytest.raises(InvalidRequest):
        await start_from(repository, other, retry_of=job.id)


async def test_one_refused_submit_of_a_group_does_not_hurt_the_others(repository):
    new = await uploaded(repository)
    gone = await uploaded(repository)
    await repository.delete_input(gone.id)
    answers = await asyncio.gather(*(start_from(repository, one) for one in (new, gone, new)), return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["Job", "InvalidRequest", "Job"]


async def test_an_owner_keeps_so_many_unused_bytes_and_no_more(repository, clock):
    policy = replace(POLICY, input_quota=250)
    first = await uploaded(repository, policy=policy)
    clock.pass_(HOUR)
    await uploaded(repository, policy=policy)
    with pytest.raises(TooManyInputs, match="You keep 200 bytes of inputs") as raised:
        await uploaded(repository, policy=policy)
    assert raised.value.retry_after == pytest.approx(DAY - HOUR, abs=1)
    await uploaded(repository, owner="ben", policy=policy)
    await start_from(repository, first)
    await uploaded(repository, policy=policy)


SMALL = replace(POLICY, input_quota=250)


async def fail(repository, job):
    (claim,) = await claimed(repository)
    assert claim.job.id == job.id
    await repository.finish(claim.lease, JobState.FAILED, None, counters=Requeue())
    return job


@pytest.mark.parametrize("deleted", [False, True])
async def test_what_only_cancelled_jobs_name_counts(repository, deleted):
    """Whoever uploads, asks and cancels in turn would keep as much as he likes."""
    first = await uploaded(repository, policy=SMALL)
    job = await end(repository, await start_from(repository, first))
    await end(repository, await start_from(repository, first))
    if deleted:
        assert await repository.delete_input(first.id) == ()
    await uploaded(repository, policy=SMALL)
    with pytest.raises(TooManyInputs, match="You keep 200 bytes of inputs"):
        await uploaded(repository, policy=SMALL)
    await uploaded(repository, owner="ben", policy=SMALL)
    await start_from(repository, first, retry_of=job.id)
    await uploaded(repository, policy=SMALL)


async def test_an_engine_that_fails_costs_no_room(repository):
    for _ in range(3):
        await fail(repository, await start_from(repository, await uploaded(repository, policy=SMALL)))
    await uploaded(repository, policy=SMALL)


@on_sqlite
async def test_an_upload_that_many_cancelled_jobs_name_is_asked_about_once(repository):
    """By SQLite's steps: twice the jobs, twice the work."""
    upload = await uploaded(repository)
    steps = []
    for _ in range(2):
        for _ in range(100):
            await end(repository, await start_from(repository, upload))
        steps.append(await repository._write(steps_of_an_upload, locks=lock_nothing))
    assert steps[1] < 3 * steps[0]


def steps_of_an_upload(connection):
    steps = []
    connection.connection.driver_connection.set_progress_handler(lambda: steps.append(1), 1)
    inputs._WAITING.first(connection, of_owner="ann", at=0)
    connection.connection.driver_connection.set_progress_handler(None, 0)
    return len(steps)


async def test_deleting_such_jobs_makes_room(repository):
    jobs = [await end(repository, await start_from(repository, await uploaded(repository))) for _ in range(2)]
    with pytest.raises(TooManyInputs, match="jobs that were cancelled") as raised:
        await uploaded(repository, policy=SMALL)
    assert raised.value.retry_after == DAY
    await repository.delete_job(jobs[0].id)
    await uploaded(repository, policy=SMALL)


async def test_what_a_job_waits_for_or_has_painted_from_does_not_count(repository):
    for _ in range(2):
        await start_from(repository, await uploaded(repository))
        (claim,) = await claimed(repository)
        await repository.keep_image(claim.lease, new_image(claim), finish=True)
        await start_from(repository, await uploaded(repository))
        await claimed(repository)
        await start_from(repository, await uploaded(repository))
        await claimed(repository, slots=1)
    await uploaded(repository, policy=SMALL)
    await uploaded(repository, policy=SMALL)


async def test_a_picture_of_ones_own_is_no_upload(repository):
    for _ in range(3):
        await end(repository, await start_from(repository, await painted(repository)))
    await uploaded(repository, policy=SMALL)


async def test_what_has_expired_does_not_count_though_it_is_not_swept(repository, clock):
    for _ in range(2):
        await uploaded(repository, policy=SMALL)
    clock.pass_(DAY)
    await uploaded(repository, policy=SMALL)


async def test_an_owner_who_leaves_leaves_no_uploads(repository, monkeypatch):
    monkeypatch.setattr(deleting, "BATCH", 2)
    new, used = await uploaded(repository), await uploaded(repository)
    image = await painted(repository)
    for thing in (used, image, used):
        await start_from(repository, thing)
    other = await uploaded(repository, owner="ben")
    assert sorted(await repository.delete_owner("ann")) == sorted([new.key, used.key, image.key])
    assert await repository.known_keys([new.key, used.key, image.key, other.key]) == {other.key}


async def test_deleting_a_picture_of_a_job_that_starts_from_it_frees_nothing_early(repository):
    """The quota hides pictures; what a job holds of them stays."""
    image = await painted(repository)
    await start_from(repository, image)
    await repository.expire(policy=replace(POLICY, owner_quota=0, restore_window=0.001))
    assert (await repository.find_image(image.id)).deleted_at is not None
    assert await repository.known_keys([image.key]) == {image.key}
