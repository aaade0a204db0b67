import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from limner.contracts.repository import Requeue
from limner.domain.errors import DatabaseUnavailable
from limner.domain.job import JobState
from limner.repositories.sql import recount
from tests.repositories.making import (
    POLICY,
    claimed,
    execute,
    lose_next_answer,
    new_image,
    new_job,
    nobody_is_dead,
    open_call,
    running,
    submitted,
)

BACK = Requeue()


async def owners_of(repository, slots, policy=POLICY):
    return [claim.job.owner for claim in await claimed(repository, slots=slots, policy=policy)]


async def test_a_claim_hands_out_a_running_job_with_a_lease(repository):
    job = await submitted(repository)
    (claim,) = await claimed(repository)
    assert (claim.lease.job_id, claim.lease.epoch, claim.job.state, claim.job.attempt) == (job.id, 1, "running", 1)
    assert claim.job == await repository.find_job(job.id)


async def test_no_job_is_handed_out_twice(repository):
    for _ in range(30):
        await submitted(repository)
    policy = replace(POLICY, running_per_owner=99)
    rounds = await asyncio.gather(*(claimed(repository, slots=3, worker=f"w{i}", policy=policy) for i in range(20)))
    assert Counter(claim.job.id for claims in rounds for claim in claims).most_common(1)[0][1] == 1
    assert sum(map(len, rounds)) == 30


async def test_each_owner_has_his_turn(repository):
    for owner in ["ann"] * 5 + ["ben"] * 2 + ["cleo"]:
        await submitted(repository, owner=owner)
    assert await owners_of(repository, 8) == ["ann", "ben", "cleo", "ann", "ben", "ann", "ann", "ann"]


async def test_leaving_and_coming_back_is_no_way_to_jump_the_queue(repository):
    for owner in ["ann", "ben", "cleo"]:
        await submitted(repository, owner=owner)
    assert await owners_of(repository, 1) == ["ann"]
    await submitted(repository, owner="ann")
    assert await owners_of(repository, 3) == ["ben", "cleo", "ann"]


async def test_a_long_running_job_gives_its_owner_no_precedence(repository):
    await running(repository)
    for owner in ["ben", "ann"]:
        await submitted(repository, owner=owner)
    assert await owners_of(repository, 2) == ["ben", "ann"]


async def test_no_owner_runs_more_than_his_share(repository):
    policy = replace(POLICY, running_per_owner=2)
    for owner in ["ann"] * 5 + ["ben"]:
        await submitted(repository, owner=owner)
    assert await owners_of(repository, 9, policy) == ["ann", "ben", "ann"]
    assert await owners_of(repository, 9, policy) == []


async def test_the_share_counts_all_engines_together(repository):
    policy = replace(POLICY, running_per_owner=1)
    await running(repository)
    await submitted(repository, route=("openai",))
    assert await claimed(repository, engine="openai", policy=policy) == ()


@pytest.mark.parametrize("end", ["finish", "requeue"])
async def test_an_owner_is_served_again_when_a_job_of_his_stops(repository, end):
    policy = replace(POLICY, running_per_owner=1)
    for engine in ("painter", "openai"):
        await submitted(repository, route=(engine,))
    (claim,) = await claimed(repository, policy=policy)
    assert await claimed(repository, engine="openai", policy=policy) == ()
    if end == "finish":
        await repository.finish(claim.lease, JobState.FAILED, None, counters=BACK)
    else:
        await repository.requeue(claim.lease, BACK)
    assert len(await claimed(repository, engine="openai", policy=policy)) == 1


async def test_a_higher_limit_serves_those_who_were_blocked(repository):
    for _ in range(3):
        await submitted(repository)
    assert len(await claimed(repository, slots=3, policy=replace(POLICY, running_per_owner=1))) == 1
    await repository.sweep(policy=replace(POLICY, running_per_owner=2), is_dead=nobody_is_dead)
    assert len(await claimed(repository, slots=3, policy=replace(POLICY, running_per_owner=2))) == 1


async def test_priority_orders_an_owners_own_jobs_only(repository):
    low, high = [await submitted(repository, priority=priority) for priority in (1, 9)]
    other = await submitted(repository, owner="ben")
    assert [claim.job.id for claim in await claimed(repository, slots=3)] == [high.id, other.id, low.id]


async def test_only_engines_with_a_free_slot_get_work(repository):
    await submitted(repository, route=("openai",))
    await submitted(repository)
    claims, _ = await repository.claim("w1", {"painter": 2, "openai": 0, "unknown": 1}, policy=POLICY)
    assert [claim.job.engine for claim in claims] == ["painter"]


async def test_a_delayed_job_waits_until_the_sweep_finds_it_due(repository, clock):
    await submitted(repository, not_before=repository.now() + timedelta(seconds=10))
    assert await claimed(repository) == ()
    clock.pass_(11)
    report = await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
    assert (report.engines, report.counts["due"]) == ({"painter"}, 1)
    assert len(await claimed(repository)) == 1


async def test_urgent_work_goes_before_everybody(repository):
    claim = await running(repository)
    for owner in ["ben", "ann"]:
        await submitted(repository, owner=owner, priority=9)
    await repository.requeue(claim.lease, Requeue(urgent=True))
    assert (await claimed(repository))[0].job.id == claim.job.id


async def test_a_claim_brings_the_pictures_that_are_kept(repository):
    claim = await running(repository, count=2)
    await repository.keep_image(claim.lease, new_image(claim), finish=False)
    await repository.requeue(claim.lease, BACK)
    (again,) = await claimed(repository)
    assert (again.job.missing, again.lease.epoch, again.job.attempt) == ((1,), 2, 2)


async def test_a_job_that_lost_workers_runs_alone(repository):
    claim = await running(repository)
    for _ in range(2):
        assert not claim.alone
        await repository.requeue(claim.lease, Requeue(lease_losses=1))
        (claim,) = await claimed(repository)
    assert claim.alone


async def test_whoever_comes_after_ten_thousand_jobs_waits_for_his_turn_only(repository):
    """The k-th job of the second owner is among the first 2 k + 1 that are claimed."""
    policy = replace(POLICY, queued_per_owner=10_000, running_per_owner=100)
    jobs = (new_job(repository.now(), owner="ann") for _ in range(10_000))
    await asyncio.gather(*(repository.submit(job, idempotency=None, policy=policy) for job in jobs))
    for _ in range(10):
        await submitted(repository, owner="ben", policy=policy)
    order = [claim.job.owner for _ in range(25) for claim in await claimed(repository, policy=policy)]
    places = [place for place, owner in enumerate(order, 1) if owner == "ben"]
    assert len(places) == 10
    assert all(place <= 2 * number + 1 for number, place in enumerate(places, 1)), places


async def test_a_lane_that_counts_too_much_does_not_stop_claims(repository, place):
    await running(repository)
    await submitted(repository, owner="ben")
    execute(place, "UPDATE limner_lanes SET queued = 0, claimable = 1 WHERE owner = 'ann'")
    assert await owners_of(repository, 9) == ["ben"]


async def test_a_lane_that_counts_wrong_is_mended_at_the_claim(repository, place):
    await submitted(repository)
    await submitted(repository, owner="ben")
    execute(place, "UPDATE limner_lanes SET waiting = 7 WHERE owner = 'ben'")
    execute(place, "UPDATE limner_lanes SET queued = 9 WHERE owner = 'ann'")
    await owners_of(repository, 9)
    await owners_of(repository, 9)
    assert (await repository.queue_facts()).queued == {"painter": 0}


async def test_what_was_claimed_is_handed_out_though_lanes_cannot_be_counted_again(repository, place, monkeypatch):
    """Nobody else would renew those leases."""

    def fail(*given):
        raise ValueError("a bug")

    await submitted(repository)
    await submitted(repository, owner="ben")
    execute(place, "UPDATE limner_lanes SET queued = 9 WHERE owner = 'ann'")
    monkeypatch.setattr(recount, "recount", fail)
    assert sorted(await owners_of(repository, 9)) == ["ann", "ben"]


async def test_claims_are_told(repository):
    job = await submitted(repository)
    _, (change,) = await repository.claim("w1", {"painter": 1}, policy=POLICY)
    assert (change.job_id, change.owner, change.seq) == (job.id, "ann", 2)


async def test_what_a_claim_took_without_an_answer_comes_with_the_next(repository, clock):
    """Once, and neither what the worker has nor what is another's."""
    has = await running(repository)
    for owner in ("ben", "cleo"):
        await submitted(repository, owner=owner)
    await claimed(repository, worker="w2")
    lose_next_answer(repository)
    with pytest.raises(DatabaseUnavailable):
        await claimed(repository, held=[has.lease])
    clock.pass_(POLICY.lease - 1)
    (taken,) = await claimed(repository, held=[has.lease])
    assert (taken.job.owner, taken.lease.epoch, taken.job.attempt, taken.job.state) == ("cleo", 2, 1, "running")
    assert await claimed(repository) == ()
    clock.pass_(2)
    await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
    assert (await repository.find_job(taken.job.id)).state == "running"


async def test_a_job_that_came_back_to_its_worker_is_taken_up_under_its_new_lease(repository):
    has = await running(repository)
    await repository.requeue(has.lease, BACK)
    lose_next_answer(repository)
    with pytest.raises(DatabaseUnavailable):
        await claimed(repository, held=[has.lease])
    assert [claim.lease.epoch for claim in await claimed(repository, held=[has.lease])] == [3]


async def test_what_a_call_was_opened_for_is_not_taken_up_but_left_to_the_sweep(repository):
    """Somebody heard of that claim: nobody may make the call again without asking what became of it."""
    await open_call(repository, await running(repository))
    lose_next_answer(repository)
    with pytest.raises(DatabaseUnavailable):
        await claimed(repository)
    assert await claimed(repository) == ()
