import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from limner.contracts.repository import Idempotency, Requeue
from limner.domain.identity import new_id
from limner.domain.job import JobState
from limner.repositories.sql import deleting, expiring
from limner.repositories.sql.locks import lock_everybody
from tests.repositories.making import POLICY, execute, new_image, new_key, opened, running, submitted

KEY = Idempotency(key="k", fingerprint="f")
HOUR = 3600


async def finished(repository, *, count=1, size=100, **facts):
    claim = await running(repository, count=count, **facts)
    for ordinal in range(count):
        picture = new_image(claim, ordinal, bytes=size)
        await repository.keep_image(claim.lease, picture, finish=ordinal == count - 1)
    return await repository.find_job(claim.job.id)


async def ids(repository, owner="ann", **asked):
    return [image.id for image in await repository.page_of_images(owner, **({"before": None, "limit": 50} | asked))]


async def expire(repository, policy=POLICY):
    return await repository.expire(policy=policy)


async def test_a_picture_reads_back_as_it_was_kept(repository):
    claim = await running(repository)
    kept = new_image(claim, seed=99, format="webp")
    await repository.keep_image(claim.lease, kept, finish=True)
    image = await repository.find_image(kept.id)
    assert (image.seed, image.format, image.key, image.owner, image.ordinal) == (99, "webp", kept.key, "ann", 0)
    assert (await repository.find_job(claim.job.id)).images == (image,)


async def test_pictures_are_listed_newest_first(repository):
    first, second = await finished(repository), await finished(repository)
    await finished(repository, owner="ben")
    assert await ids(repository) == [second.images[0].id, first.images[0].id]
    assert await ids(repository, before=second.images[0].id) == [first.images[0].id]


async def test_a_deleted_picture_is_hidden_and_can_be_restored(repository):
    job = await finished(repository)
    image_id = job.images[0].id
    assert (await repository.delete_image(image_id)).seq == job.event_seq + 1
    assert await ids(repository) == []
    assert (await repository.find_image(image_id)).deleted_at is not None
    assert (await repository.restore_image(image_id)).seq == job.event_seq + 2
    assert await ids(repository) == [image_id]


async def test_deleting_and_restoring_twice_changes_nothing(repository):
    image_id = (await finished(repository)).images[0].id
    assert await repository.restore_image(image_id) is None
    await repository.delete_image(image_id)
    assert await repository.delete_image(image_id) is None
    assert await repository.delete_image(new_id()) is None


async def test_a_deleted_picture_is_purged_after_its_time(repository, clock):
    job = await finished(repository, count=2)
    await repository.delete_image(job.images[0].id)
    assert (await expire(repository))[1] == ()
    clock.pass_(POLICY.restore_window + 1)
    assert (await expire(repository))[1] == (job.images[0].key,)
    left = await repository.find_job(job.id)
    assert (left.images, left.state) == ((job.images[1],), "succeeded")
    assert await repository.restore_image(job.images[0].id) is None


async def test_a_running_jobs_deleted_picture_is_not_painted_again(repository, clock):
    claim = await running(repository, count=2)
    picture = new_image(claim)
    await repository.keep_image(claim.lease, picture, finish=False)
    await repository.delete_image(picture.id)
    clock.pass_(POLICY.restore_window + 1)
    assert (await expire(repository))[1] == ()
    assert (await repository.find_job(claim.job.id)).missing == (1,)


async def test_only_keys_that_a_row_names_are_known(repository):
    key = (await finished(repository)).images[0].key
    assert await repository.known_keys([key, "stray/0/1.png"]) == {key}


async def test_keys_of_jobs_that_have_not_ended_are_known(repository):
    claim = await running(repository)
    key = f"{claim.job.id}/0/{claim.lease.epoch}.png"
    assert await repository.known_keys([key]) == {key}
    await repository.finish(claim.lease, JobState.FAILED, None, counters=Requeue())
    assert await repository.known_keys([key]) == frozenset()


async def test_bytes_that_rows_name_are_told_by_key_with_those_of_deleted_pictures(repository):
    images = [(await finished(repository, owner=owner)).images[0] for owner in ("ann", "ben", "ann")]
    await repository.delete_image(images[1].id)
    first = await repository.named_bytes(after="", limit=2)
    rest = await repository.named_bytes(after=first[-1].key, limit=2)
    told = sorted((image.key, image.bytes, image.sha256) for image in images)
    assert [(named.key, named.size, named.sha256) for named in (*first, *rest)] == told


async def test_an_installation_keeps_its_id_and_shares_it_with_its_processes(place, clock):
    async with opened(place, clock) as one, opened(place, clock) as other:
        ids = {await one.installation(), await other.installation(), await one.installation()}
    async with opened(place, clock) as later:
        assert ids == {await later.installation()}


async def test_all_processes_know_the_first_storage(place, clock):
    async with opened(place, clock) as one, opened(place, clock) as other:
        assert await other.first_storage() is None
        told = set(await asyncio.gather(*(rows.note_first_storage(number) for number, rows in enumerate((one, other)))))
        assert len(told) == 1
        assert {await one.first_storage(), await other.note_first_storage(2**63 - 1)} == told


async def test_one_of_all_processes_begins_a_collection(place, clock):
    async with opened(place, clock) as one, opened(place, clock) as other:
        assert await one.begin_collection(every=HOUR)
        assert not await other.begin_collection(every=HOUR)
        clock.pass_(HOUR + 1)
        begun = await asyncio.gather(*(who.begin_collection(every=HOUR) for who in (one, other)))
        assert sorted(begun) == [False, True]


async def test_two_installations_have_different_ids(repository, tmp_path, clock):
    async with opened(tmp_path / "other.db", clock) as other:
        assert await other.installation() != await repository.installation()


async def test_retention_says_when_and_then_lets_go(place, clock):
    async with opened(place, clock, image_age=HOUR) as repository:
        job = await finished(repository)
        assert (job.expires_at - job.finished_at).total_seconds() == HOUR
        assert job.images[0].expires_at == job.expires_at
        clock.pass_(HOUR + 1)
        _, keys = await expire(repository)
        assert (keys, await repository.find_job(job.id), await ids(repository)) == ((job.images[0].key,), None, [])


async def test_jobs_that_are_not_finished_do_not_age(place, clock):
    async with opened(place, clock, image_age=HOUR) as repository:
        waiting = await submitted(repository)
        clock.pass_(99 * HOUR)
        await expire(repository)
        assert await repository.find_job(waiting.id) is not None


@pytest.mark.parametrize(("before", "after"), [(None, 60.0), (60.0, None), (60.0, 3600.0)])
async def test_a_new_retention_dates_finished_jobs_again(place, clock, before, after):
    async with opened(place, clock, image_age=before) as repository:
        await expire(repository)
        job = await finished(repository)
    async with opened(place, clock, image_age=after) as repository:
        await expire(repository)
        job = await repository.find_job(job.id)
    for dated in (job, job.images[0]):
        assert (dated.expires_at and (dated.expires_at - job.finished_at).total_seconds()) == after


async def test_a_new_retention_dates_many_jobs_again_before_any_goes_by_its_old_date(place, clock, monkeypatch):
    monkeypatch.setattr(expiring, "REDATES", 2)
    async with opened(place, clock, image_age=60.0) as repository:
        await expire(repository)
        jobs = [await finished(repository) for _ in range(5)]
    clock.pass_(HOUR)
    async with opened(place, clock, image_age=2 * HOUR) as repository:
        assert (await expire(repository))[1] == ()
        for job in [await repository.find_job(job.id) for job in jobs]:
            for dated in (job, job.images[0]):
                assert (dated.expires_at - job.finished_at).total_seconds() == 2 * HOUR
    assert execute(place, "SELECT name FROM limner_facts WHERE substr(name, 1, 7) = 'redated'") == []


@pytest.mark.parametrize("ages", [(60.0, HOUR, 2 * HOUR, HOUR), (2 * HOUR, 60.0, 2 * HOUR), (None, 60.0, None)])
async def test_dating_again_that_broke_off_for_another_retention_begins_anew(place, clock, monkeypatch, ages):
    first, *between, last = ages
    monkeypatch.setattr(expiring, "REDATES", 1)
    async with opened(place, clock, image_age=first) as repository:
        await expire(repository)
        jobs = [await finished(repository) for _ in range(3)]
    clock.pass_(HOUR / 2)
    for age in between:
        async with opened(place, clock, image_age=age) as repository:
            step = partial(expiring.expire, policy=POLICY, moment=repository._moment())
            await repository._write(step, locks=lock_everybody)
    async with opened(place, clock, image_age=last) as repository:
        await expire(repository)
        for job in [await repository.find_job(job.id) for job in jobs]:
            assert (job.expires_at and (job.expires_at - job.finished_at).total_seconds()) == last


async def test_the_oldest_pictures_beyond_the_quota_are_hidden(repository):
    old, new = await finished(repository, size=60), await finished(repository, size=60)
    other = await finished(repository, owner="ben", size=60)
    report, _ = await expire(repository, replace(POLICY, owner_quota=100))
    assert [change.job_id for change in report.changes] == [old.id]
    assert (await ids(repository), await ids(repository, "ben")) == ([new.images[0].id], [other.images[0].id])


async def test_more_beyond_the_quota_than_one_write_hides(repository, monkeypatch):
    monkeypatch.setattr(expiring, "BATCH", 2)
    sizes = []
    hide = expiring.hide
    monkeypatch.setattr(
        expiring, "hide", lambda connection, some, at: sizes.append(len(some)) or hide(connection, some, at)
    )
    for owner in ("ann", "ben", "cleo"):
        await finished(repository, owner=owner, size=60)
    report, _ = await expire(repository, replace(POLICY, owner_quota=10))
    assert (len(report.changes), report.counts["images_beyond_quota"], sizes) == (3, 3, [2, 1])


async def test_keys_come_in_batches(repository, clock, monkeypatch):
    monkeypatch.setattr(expiring, "BATCH", 2)
    job = await finished(repository, count=5)
    for image in job.images:
        await repository.delete_image(image.id)
    clock.pass_(POLICY.restore_window + 1)
    batches = [(await expire(repository))[1] for _ in range(4)]
    assert [len(keys) for keys in batches] == [2, 2, 1, 0]
    assert {key for keys in batches for key in keys} == {image.key for image in job.images}


async def test_batches_without_keys_do_not_wait_for_another_call(repository, clock, monkeypatch):
    for number in range(5):
        await submitted(repository, idempotency=Idempotency(key=f"k{number}", fingerprint="f"))
    monkeypatch.setattr(expiring, "BATCH", 2)
    clock.pass_(POLICY.idempotency_kept + 1)
    report, _ = await expire(repository)
    assert report.counts["idempotency_keys"] == 5


async def test_events_go_some_time_after_the_end(repository, clock):
    job, waiting = await finished(repository), await submitted(repository)
    clock.pass_(POLICY.events_kept - 60)
    await expire(repository)
    assert len(await repository.events_after(job.id, 0)) == 3
    clock.pass_(120)
    await expire(repository)
    assert await repository.events_after(job.id, 0) == ()
    assert len(await repository.events_after(waiting.id, 0)) == 1


async def test_a_deleted_job_is_gone_with_all_its_rows(repository):
    job = await finished(repository, idempotency=KEY)
    assert await repository.delete_job(job.id) == (job.images[0].key,)
    assert (await repository.find_job(job.id), await repository.find_image(job.images[0].id)) == (None, None)
    assert await repository.events_after(job.id, 0) == ()
    assert await repository.outbox_due(limit=9, hold=1) == ()
    assert (await submitted(repository, idempotency=KEY)).id != job.id


async def test_an_unfinished_job_is_not_deleted(repository):
    claim, queued = await running(repository), await submitted(repository)
    assert await repository.delete_job(claim.job.id) is None
    assert await repository.delete_job(queued.id) is None


async def test_a_deleted_owner_leaves_nothing(repository):
    done = await finished(repository, count=2)
    claim = await running(repository)
    await submitted(repository, idempotency=KEY)
    other = await submitted(repository, owner="ben")
    assert set(await repository.delete_owner("ann")) == {image.key for image in done.images}
    assert await repository.page_of_jobs("ann", state=None, reference=None, before=None, limit=9) == ()
    assert repository.renew([claim.lease], seconds=30).lost == {claim.lease}
    assert (await repository.queue_facts()).queued == {"painter": 1}
    assert await repository.find_job(other.id) is not None


async def test_between_two_batches_of_a_deleted_owner_lanes_tell_the_truth(repository, monkeypatch):
    monkeypatch.setattr(deleting, "BATCH", 1)
    await running(repository)
    await submitted(repository)
    await submitted(repository, not_before=repository.now() + timedelta(hours=1))
    seen = []
    for _ in range(3):
        facts = await repository.queue_facts()
        seen.append(sum(facts.queued.values()) + sum(facts.running.values()))
        await repository._write(
            lambda connection: deleting.delete_some_of(connection, "ann", repository._moment()), locks=lock_everybody
        )
    assert (seen, (await repository.queue_facts()).queued) == ([3, 2, 1], {})


async def test_a_deleted_owners_keys_are_revoked(repository):
    await repository.add_key(new_key(repository, "k1"))
    await repository.add_key(new_key(repository, "k2", user_id="ben"))
    version = await repository.keys_version()
    await repository.delete_owner("ann")
    assert (await repository.find_key("k1")).revoked_at is not None
    assert (await repository.find_key("k2")).revoked_at is None
    assert await repository.keys_version() > version


async def test_a_deleted_owners_running_jobs_are_told_to_stop(repository):
    claim, other = await running(repository), await running(repository, owner="ben")
    await repository.delete_owner("ann")
    assert await repository.cancels_among([claim.job.id, other.job.id]) == {claim.job.id}


async def test_hooks_hear_of_every_end(repository):
    done, queued = await finished(repository), await submitted(repository)
    claim = await running(repository, owner="ben", route=("openai",))
    await repository.cancel(queued.id)
    await repository.finish(claim.lease, JobState.FAILED, None, counters=Requeue())
    entries = await repository.outbox_due(limit=9, hold=60)
    assert {entry.job_id for entry in entries} == {done.id, queued.id, claim.job.id}


async def test_an_entry_is_held_while_it_is_delivered(repository, clock):
    await finished(repository)
    (entry,) = await repository.outbox_due(limit=9, hold=60)
    assert await repository.outbox_due(limit=9, hold=60) == ()
    clock.pass_(61)
    (again,) = await repository.outbox_due(limit=9, hold=60)
    assert (again.job_id, entry.tries, again.tries) == (entry.job_id, 0, 1)


async def test_a_failed_delivery_waits_and_a_done_one_is_gone(repository, clock):
    await finished(repository)
    (entry,) = await repository.outbox_due(limit=9, hold=1)
    await repository.outbox_failed(entry.job_id, delay=300)
    clock.pass_(299)
    assert await repository.outbox_due(limit=9, hold=1) == ()
    clock.pass_(2)
    assert len(await repository.outbox_due(limit=9, hold=1)) == 1
    await repository.outbox_done(entry.job_id)
    clock.pass_(999)
    assert await repository.outbox_due(limit=9, hold=1) == ()


async def test_entries_that_nobody_wants_go_in_the_end(repository, clock):
    await finished(repository)
    clock.pass_(POLICY.events_kept + 1)
    report, _ = await expire(repository)
    assert report.counts["outbox"] == 1
