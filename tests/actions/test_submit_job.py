import asyncio
import contextlib
import sqlite3
import threading
from dataclasses import replace

import pytest

from limner.actions.hook_threads import MOST_THREADS
from limner.actions.submit_job import fingerprint, submit_job
from limner.contracts.repository import Idempotency
from limner.domain.errors import IdempotencyKeyReused, InvalidRequest, Refused, StorageFull, TooManyQueued
from limner.domain.event import JobChanged
from limner.domain.identity import is_id
from limner.domain.job import JobState
from limner.domain.policy import Policy
from limner.domain.request import Ask
from tests.actions.asking import studio, submitted

FOX = Ask(prompt="a fox", options={"style": "oil"}, reference="order-17", metadata={"customer": "c_9"}, priority=7)


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def refused(ask, needs, owner="ann"):
    with pytest.raises(InvalidRequest) as refusal:
        await submit_job(ask, owner, needs=needs)
    assert await queued(needs) == 0
    return [fault.pointer for fault in refusal.value.errors]


async def queued(needs):
    return sum((await needs.repository.queue_facts()).queued.values())


@pytest.mark.parametrize("key", ["", "k" * 256, "k\x00", "clé", 7])
async def test_what_is_no_idempotency_key_is_refused(needs, key):
    with pytest.raises(InvalidRequest) as refusal:
        await submit_job(FOX, "ann", idempotency=Idempotency(key=key, fingerprint="f"), needs=needs)
    assert [fault.pointer for fault in refusal.value.errors] == ["/idempotency_key"]
    assert await queued(needs) == 0


async def test_the_row_is_there_when_it_returns(needs):
    job = (await submit_job(FOX, "ann", needs=needs)).job
    kept = await needs.repository.find_job(job.id)
    assert is_id(job.id)
    assert (kept.state, kept.owner, kept.request) == (JobState.QUEUED, "ann", job.request)
    assert (kept.reference, kept.metadata, kept.priority) == ("order-17", {"customer": "c_9"}, 7)
    assert (kept.route, kept.max_attempts, kept.trace) == (("painter",), 5, "00-trace")
    assert (kept.deadline_at - kept.created_at).total_seconds() == needs.policy.deadline


async def test_what_came_in_is_kept_beside_what_was_resolved(needs):
    job = (await submit_job(FOX, "ann", needs=needs)).job
    assert job.requested == {"prompt": "a fox", "options": {"style": "oil"}}
    assert (job.request.width, job.request.model) == (768, "painter")


async def test_workers_and_watchers_are_told_after_the_commit(needs):
    job = await submitted(needs)
    assert needs.dispatcher.nudged == ["painter"]
    assert needs.notifier.signals == [JobChanged(job_id=job.id, owner="ann", seq=1)]
    assert needs.observer.timed == ["limner_accept_seconds"]


async def test_what_they_are_told_of_is_committed_by_then(tmp_path):
    """Another connection sees the row while they are told: who looks at once finds it."""
    seen = []

    def look(*_):
        with contextlib.closing(sqlite3.connect(f"file:{tmp_path}/limner.db?mode=ro", uri=True)) as connection:
            seen.extend(connection.execute("SELECT state FROM limner_jobs"))

    async with studio(tmp_path / "limner.db") as needs:
        needs.dispatcher.nudge = needs.notifier.publish = look
        await submitted(needs)
    assert seen == [("queued",), ("queued",)]


@pytest.mark.parametrize(
    ("ask", "pointer"),
    [
        (Ask(prompt=""), "/prompt"),
        (Ask(prompt="x" * 33_000), "/prompt"),
        (Ask(prompt="a\x00b"), "/prompt"),
        (Ask(prompt="\ud800"), "/prompt"),
        (Ask(prompt="a", width=63), "/width"),
        (Ask(prompt="a", height=10**9), "/height"),
        (Ask(prompt="a", width="512"), "/width"),
        (Ask(prompt="a", count=1000), "/count"),
        (Ask(prompt="a", model="nobody"), "/model"),
        (Ask(prompt="a", options={"style": "cubist"}), "/options/style"),
        (Ask(prompt="a", metadata={"x": "\ud800"}), "/metadata"),
        (Ask(prompt="a", reference="r" * 256), "/reference"),
    ],
)
async def test_bad_input_is_named_and_nothing_is_queued(needs, ask, pointer):
    assert await refused(ask, needs) == [pointer]


async def test_an_owner_that_cannot_be_kept_is_refused(needs):
    assert await refused(FOX, needs, owner="") == ["/owner"]


async def test_the_same_key_with_the_same_body_gives_the_same_job(needs):
    key = Idempotency(key="k", fingerprint=fingerprint(FOX))
    answers = await asyncio.gather(*(submit_job(FOX, "ann", idempotency=key, needs=needs) for _ in range(20)))
    assert len({answer.job.id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 19
    assert len(needs.notifier.signals) == len(needs.dispatcher.nudged) == 1


async def test_the_same_key_with_another_body_is_refused(needs):
    await submit_job(FOX, "ann", idempotency=Idempotency(key="k", fingerprint=fingerprint(FOX)), needs=needs)
    other = replace(FOX, prompt="a hare")
    with pytest.raises(IdempotencyKeyReused):
        await submit_job(other, "ann", idempotency=Idempotency(key="k", fingerprint=fingerprint(other)), needs=needs)


async def test_a_full_disk_queues_nothing_and_says_so(tmp_path):
    async with studio(tmp_path / "limner.db", free_space=lambda: 100 * 1024 * 1024) as needs:
        with pytest.raises(StorageFull, match="100 MiB left and 512 MiB stay free"):
            await submit_job(FOX, "ann", needs=needs)
        assert await queued(needs) == 0


async def test_an_owners_limit_holds(tmp_path):
    async with studio(tmp_path / "limner.db", policy=Policy(queued_per_owner=2)) as needs:
        for _ in range(2):
            await submitted(needs)
        with pytest.raises(TooManyQueued) as full:
            await submitted(needs)
        assert full.value.retry_after > 0


async def test_a_hook_may_refuse_in_its_own_words(tmp_path):
    async def moderate(ask, owner):
        raise Refused(f"{owner} may not paint foxes.")

    async with studio(tmp_path / "limner.db", moderate) as needs:
        with pytest.raises(Refused, match="ann may not paint foxes"):
            await submit_job(FOX, "ann", needs=needs)
        assert await queued(needs) == 0


async def test_hooks_rewrite_one_after_the_other(tmp_path):
    async def polite(ask, owner):
        return replace(ask, prompt=f"{ask.prompt}, please")

    def loud(ask, owner):
        return replace(ask, prompt=ask.prompt.upper())

    async with studio(tmp_path / "limner.db", polite, loud, lambda ask, owner: None) as needs:
        job = await submitted(needs)
        assert job.request.prompt == "A FOX, PLEASE"
        assert job.requested == {"prompt": "a fox"}


async def test_what_a_hook_made_of_it_is_checked_again(tmp_path):
    async with studio(tmp_path / "limner.db", lambda ask, owner: replace(ask, width=1)) as needs:
        assert await refused(FOX, needs) == ["/width"]


async def test_hooks_never_see_what_cannot_be_painted(tmp_path):
    heard = []
    async with studio(tmp_path / "limner.db", lambda ask, owner: heard.append(ask)) as needs:
        await refused(Ask(prompt=""), needs)
    assert heard == []


async def test_a_plain_hook_does_not_block_the_loop(tmp_path):
    threads = []
    async with studio(tmp_path / "limner.db", lambda ask, owner: threads.append(threading.get_ident())) as needs:
        await submitted(needs)
    assert threads != [threading.get_ident()]


async def test_plain_hooks_that_hang_leave_all_other_work_its_threads(tmp_path):
    called, goes_on = [], threading.Event()
    async with studio(tmp_path / "limner.db", lambda ask, owner: (called.append(1), goes_on.wait(20))[2:]) as needs:
        asks = [asyncio.create_task(submitted(needs)) for _ in range(40)]
        while len(called) < MOST_THREADS:
            await asyncio.sleep(0.005)
        assert await asyncio.wait_for(asyncio.to_thread(int), 20) == 0
        goes_on.set()
        await asyncio.gather(*asks)


def test_a_fingerprint_is_bound_to_the_whole_ask_and_to_nothing_else():
    same = replace(FOX, metadata=dict(FOX.metadata))
    assert fingerprint(same) == fingerprint(FOX)
    others = [replace(FOX, prompt="b"), replace(FOX, seed=1), replace(FOX, reference=None), replace(FOX, metadata={})]
    assert len({fingerprint(other) for other in [FOX, *others]}) == 5


def test_what_is_no_json_has_a_fingerprint_all_the_same():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert fingerprint(replace(FOX, metadata={"a": deep})) == fingerprint(replace(FOX, metadata={"a": {1}}))
