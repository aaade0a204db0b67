import asyncio
import fcntl
from dataclasses import replace
from datetime import timedelta

import pytest

from limner.contracts.repository import Idempotency
from limner.domain.errors import DatabaseError, IdempotencyKeyReused, QueueFull, TooManyQueued
from limner.repositories.sql import submitting
from tests.repositories.making import POLICY, claimed, execute, new_image, new_job, on_sqlite, submitted

KEY = Idempotency(key="order-17", fingerprint="f1")


async def outcomes(*waiting):
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_job_reads_back_as_it_was_submitted(repository):
    job = await submitted(
        repository, reference="order-17", metadata={"big": 2**64 - 1, "umlaut": "Füchse\n"}, trace="t"
    )
    assert await repository.find_job(job.id) == job


@pytest.mark.parametrize("column", ["request", "requested"])
async def test_what_a_newer_version_wrote_is_refused(repository, place, column):
    job = await submitted(repository)
    assert execute(place, f"UPDATE limner_jobs SET {column} = replace({column}, '\"v\":1', '\"v\":9')") == 1
    with pytest.raises(DatabaseError, match="version 9 by a newer Limner"):
        await repository.find_job(job.id)


async def test_a_job_outlives_its_process(repository):
    job = await submitted(repository)
    await repository.close()
    await repository.open()
    assert (await repository.find_job(job.id)).id == job.id


async def test_the_first_event_says_queued(repository):
    job = await submitted(repository)
    (event,) = await repository.events_after(job.id, 0)
    assert (event.seq, replace(job, **event.changes)) == (1, job)


async def test_a_repeated_key_gives_the_first_job(repository):
    first = await submitted(repository, idempotency=KEY)
    again = await repository.submit(new_job(repository.now()), idempotency=KEY, policy=POLICY)
    assert (again.job.id, again.replayed) == (first.id, True)


async def test_a_replay_shows_the_job_as_it_is_now(repository):
    first = await submitted(repository, idempotency=KEY)
    (claim,) = await claimed(repository)
    await repository.keep_image(claim.lease, new_image(claim), finish=True)
    again = await repository.submit(new_job(repository.now()), idempotency=KEY, policy=POLICY)
    assert again.job == await repository.find_job(first.id)


async def test_a_key_with_another_body_is_refused_with_date_and_job(repository):
    first = await submitted(repository, idempotency=KEY)
    with pytest.raises(IdempotencyKeyReused) as refusal:
        await submitted(repository, idempotency=Idempotency(key="order-17", fingerprint="f2"))
    assert "on 1 Sep, 09:00" in str(refusal.value)
    assert first.id in str(refusal.value)


async def test_owners_do_not_share_keys(repository):
    first = await submitted(repository, idempotency=KEY)
    assert (await submitted(repository, owner="ben", idempotency=KEY)).id != first.id


async def test_a_key_is_forgotten_after_its_time(repository, clock):
    first = await submitted(repository, idempotency=KEY)
    clock.pass_(POLICY.idempotency_kept + 1)
    assert (await submitted(repository, idempotency=KEY)).id != first.id


async def test_fifty_requests_at_once_with_one_key_make_one_job(repository):
    jobs = [new_job(repository.now()) for _ in range(50)]
    answers = await asyncio.gather(*(repository.submit(job, idempotency=KEY, policy=POLICY) for job in jobs))
    assert len({answer.job.id for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert len(await repository.page_of_jobs("ann", state=None, reference=None, before=None, limit=99)) == 1


async def test_an_owner_may_not_have_more_waiting_than_his_limit(repository):
    policy = replace(POLICY, queued_per_owner=3)
    answers = await outcomes(*(submitted(repository, policy=policy) for _ in range(5)))
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [TooManyQueued] * 2


async def test_the_refusal_names_the_limit_and_the_wait(repository):
    policy = replace(POLICY, queued_per_owner=1)
    await submitted(repository, policy=policy)
    with pytest.raises(TooManyQueued, match=r"You have 1 job waiting, your limit; room in about 60 s") as refusal:
        await submitted(repository, policy=policy)
    assert refusal.value.retry_after == 60


async def test_the_wait_follows_the_drain_rate(repository):
    policy = replace(POLICY, queued_per_owner=6)
    for _ in range(6):
        await submitted(repository, policy=policy)
    for claim in await claimed(repository, slots=6):
        await repository.keep_image(claim.lease, new_image(claim), finish=True)
    for _ in range(6):
        await submitted(repository, policy=policy)
    with pytest.raises(TooManyQueued) as refusal:
        await submitted(repository, policy=policy)
    assert refusal.value.retry_after == pytest.approx(10)  # one lane in turn, 0.1 jobs a second


@on_sqlite
async def test_refusals_of_one_group_ask_once_how_long_the_wait_is(repository, path, monkeypatch):
    looks = []
    monkeypatch.setattr(submitting, "drain_rate", lambda connection, moment: looks.append(1) or 0.0)
    policy = replace(POLICY, queued_per_owner=1)
    await submitted(repository, policy=policy)
    with path.with_name("limner.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the writer waits with the first of them while the others gather
        refused = [asyncio.create_task(submitted(repository, policy=policy)) for _ in range(20)]
        await asyncio.sleep(0)
    assert {type(answer) for answer in await outcomes(*refused)} == {TooManyQueued}
    assert len(looks) <= 2


async def test_delayed_jobs_count_as_waiting(repository):
    policy = replace(POLICY, queued_per_owner=1)
    await submitted(repository, policy=policy, not_before=repository.now() + timedelta(hours=1))
    with pytest.raises(TooManyQueued):
        await submitted(repository, policy=policy)


async def test_the_queue_as_a_whole_has_a_limit(repository):
    policy = replace(POLICY, queued_total=2)
    answers = await outcomes(*(submitted(repository, owner=f"u{i}", policy=policy) for i in range(4)))
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [QueueFull] * 2


async def test_a_job_that_cannot_be_written_does_not_hurt_its_group(repository):
    job = new_job(repository.now())
    others = [submitted(repository) for _ in range(10)]
    twice = [repository.submit(job, idempotency=None, policy=POLICY) for _ in range(2)]
    answers = await outcomes(*others, *twice)
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert len(await repository.page_of_jobs("ann", state=None, reference=None, before=None, limit=99)) == 11
