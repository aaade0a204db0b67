from dataclasses import replace
from datetime import timedelta

from limner.contracts.repository import Requeue
from limner.domain.job import JobState
from tests.repositories.making import claimed, new_image, new_job, running, submitted


async def page(repository, owner="ann", *, state=None, reference=None, before=None, limit=50):
    jobs = await repository.page_of_jobs(owner, state=state, reference=reference, before=before, limit=limit)
    return [job.id for job in jobs]


async def in_every_state(repository):
    """One job a state, and a delayed one: state to id."""
    states = {}
    for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED, JobState.RUNNING):
        claim = await running(repository)
        states[state] = claim.job.id
        if state is JobState.SUCCEEDED:
            await repository.keep_image(claim.lease, new_image(claim), finish=True)
        elif state is not JobState.RUNNING:
            await repository.finish(claim.lease, state, None, counters=Requeue())
    states[JobState.QUEUED] = (await submitted(repository)).id
    states["delayed"] = (await submitted(repository, not_before=repository.now() + timedelta(hours=1))).id
    return states


async def test_a_page_shows_all_states_newest_first(repository):
    states = await in_every_state(repository)
    assert await page(repository) == sorted(states.values(), reverse=True)


async def test_a_page_of_one_state(repository):
    states = await in_every_state(repository)
    delayed = states.pop("delayed")
    for state, job_id in states.items():
        expected = [delayed, job_id] if state == "queued" else [job_id]
        assert await page(repository, state=state) == expected


async def test_pages_follow_each_other_without_gap_or_repeat(repository):
    states = await in_every_state(repository)
    seen, before = [], None
    while some := await page(repository, before=before, limit=2):
        seen += some
        before = some[-1]
    assert seen == sorted(states.values(), reverse=True)


async def test_a_reference_finds_its_jobs(repository):
    first = await submitted(repository, reference="order-17")
    second = await submitted(repository, reference="order-17")
    await submitted(repository, reference="order-18")
    await repository.cancel(first.id)
    assert await page(repository, reference="order-17") == [second.id, first.id]
    assert await page(repository, reference="order-17", state=JobState.CANCELLED) == [first.id]


async def test_nobody_sees_anothers_jobs(repository):
    await in_every_state(repository)
    assert await page(repository, "ben") == []


async def test_an_absent_job_is_none(repository):
    assert await repository.find_job(new_job(repository.now()).id) is None
    assert await repository.events_after("nonsense", 0) == ()


async def test_changes_come_in_commit_order_from_a_position_on(repository):
    _, start = await repository.changes_after(None)
    one, other = await submitted(repository), await submitted(repository, owner="ben")
    await repository.cancel(one.id)
    changes, position = await repository.changes_after(start)
    assert [(change.job_id, change.seq) for change in changes] == [(one.id, 1), (other.id, 1), (one.id, 2)]
    assert await repository.changes_after(position) == ((), position)


async def test_changes_are_read_in_pieces(repository):
    jobs = [await submitted(repository) for _ in range(5)]
    seen, position = [], "0"
    while True:
        changes, position = await repository.changes_after(position, limit=2)
        if not changes:
            break
        seen += [change.job_id for change in changes]
    assert seen == [job.id for job in jobs]


async def test_changes_of_one_owner(repository):
    await submitted(repository)
    other = await submitted(repository, owner="ben")
    changes, position = await repository.changes_after("0", owner="ben")
    assert ([change.job_id for change in changes], position) == ([other.id], "2")


async def test_changes_of_one_owner_from_long_ago(repository, monkeypatch):
    monkeypatch.setattr("limner.repositories.sql.events.SCANNED", 0)
    claim = await running(repository)
    await submitted(repository, owner="ben")
    await repository.keep_image(claim.lease, new_image(claim), finish=True)
    waiting = await submitted(repository)
    changes, _ = await repository.changes_after("1", owner="ann")
    assert [(change.job_id, change.seq) for change in changes] == [
        (claim.job.id, 2),
        (claim.job.id, 3),
        (waiting.id, 1),
    ]


async def test_a_foreign_position_starts_at_the_oldest_change(repository):
    job = await submitted(repository)
    for position in ("999", "-1", "nonsense", "٣", "9" * 40):
        changes, _ = await repository.changes_after(position, owner=job.owner)
        assert [change.job_id for change in changes] == [job.id]


async def test_a_position_stays_known_when_the_newest_job_is_deleted(repository):
    await submitted(repository)
    newest = await submitted(repository)
    await repository.cancel(newest.id)
    _, position = await repository.changes_after(None)
    await repository.delete_job(newest.id)
    assert await repository.changes_after(position) == ((), position)


async def test_a_retold_job_says_when_it_is_tried_again(repository):
    claim = await running(repository)
    await repository.requeue(claim.lease, Requeue(delay=timedelta(seconds=30)))
    job = await repository.find_job(claim.job.id)
    last = (await repository.events_after(job.id, 0))[-1]
    retold = replace(claim.job, **last.changes)
    assert job.expected_start_at == retold.expected_start_at == job.not_before
    await repository.cancel(job.id)
    assert (await repository.find_job(job.id)).expected_start_at is None


async def test_queue_facts_count_by_engine(repository):
    await running(repository)
    await submitted(repository)
    await submitted(repository, route=("openai",), not_before=repository.now() + timedelta(hours=1))
    facts = await repository.queue_facts()
    assert (facts.queued, facts.running) == ({"painter": 1, "openai": 1}, {"painter": 1, "openai": 0})


async def test_the_oldest_claimable_grows_only_while_nobody_claims(repository, clock):
    began = repository.now()
    await submitted(repository)
    await submitted(repository)
    clock.pass_(100)
    assert (await repository.queue_facts()).oldest_claimable_at - began < timedelta(seconds=1)
    await claimed(repository)
    assert (await repository.queue_facts()).oldest_claimable_at - began > timedelta(seconds=99)


async def test_the_drain_rate_is_that_of_the_last_minute(repository, clock):
    claim = await running(repository)
    await repository.keep_image(claim.lease, new_image(claim), finish=True)
    assert (await repository.queue_facts()).drain_rate == 1 / 60
    clock.pass_(61)
    assert (await repository.queue_facts()).drain_rate == 0
