import asyncio
import random

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.create_key import create_key
from limner.actions.job_reader import JobReader
from limner.actions.revoke_key import revoke_key
from limner.actions.watch_job import Seen, has_ended
from limner.authenticators.api_key import ApiKeyAuthenticator
from limner.domain.errors import NotFound
from limner.domain.event import JobChanged, PreviewTick, ProgressTick
from limner.domain.identity import Principal
from limner.domain.job import JobState
from tests.actions.asking import ANN, BEN, studio, submitted
from tests.actions.watching import LIFE, CountingRepository, claim_of, keep, live, never, next_seen, rest, watch


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def at_once():
    pass


async def yielding():
    await asyncio.sleep(0.01)


async def test_a_first_connect_gets_a_snapshot(needs):
    job = await submitted(needs)
    news = watch(job, needs)
    assert await anext(news) == Seen(await needs.repository.find_job(job.id), 1)
    await news.aclose()


async def test_a_watcher_hears_every_change_in_order_and_then_the_end(needs):
    job = await submitted(needs, count=2)
    watching = watch(job, needs)
    first = await anext(watching)
    living = asyncio.create_task(live(needs, yielding))
    heard = [first, *await rest(watching)]
    await living
    assert [seen.seq for seen in heard] == [1, 2, 3, 4, 5, 6]
    assert [seen.job.state for seen in heard] == LIFE


async def test_a_replay_retells_the_job_as_it_was(needs):
    job = await submitted(needs, count=2)
    await live(needs, at_once)
    heard = await rest(watch(job, needs, after=0))
    assert [seen.seq for seen in heard] == [seen.job.event_seq for seen in heard] == [1, 2, 3, 4, 5, 6]
    assert [seen.job.state for seen in heard] == LIFE
    assert [len(seen.job.images) for seen in heard] == [0, 0, 1, 1, 1, 2]
    assert [seen.job.attempt for seen in heard] == [0, 1, 1, 1, 2, 2]
    assert [len(seen.job.notes) for seen in heard] == [0, 0, 1, 1, 1, 1]
    assert [seen.job.finished_at is None for seen in heard] == [True] * 5 + [False]
    assert heard[-1].job == await needs.repository.find_job(job.id)


@pytest.mark.parametrize("after", range(7))
async def test_a_reconnect_gets_what_comes_after_and_nothing_twice(needs, after):
    job = await submitted(needs, count=2)
    await live(needs, at_once)
    assert [seen.seq for seen in await rest(watch(job, needs, after=after))] == list(range(after + 1, 7))


@pytest.mark.parametrize("seed", range(12))
async def test_reconnecting_at_random_points_misses_nothing(needs, seed):
    dice = random.Random(seed)
    job = await submitted(needs, count=2)

    async def now_and_then():
        await asyncio.sleep(dice.choice((0, 0.001, 0.01)))

    living = asyncio.create_task(live(needs, now_and_then))
    heard = []
    while not heard or not heard[-1].job.state.final:
        news = watch(job, needs, after=heard[-1].seq if heard else None)
        for _ in range(dice.randint(1, 3)):
            if (seen := await anext(news, None)) is None:
                break
            heard.append(seen)
        await news.aclose()
        await now_and_then()
    await living
    assert [seen.seq for seen in heard] == list(range(heard[0].seq, 7))


async def test_a_number_that_the_job_has_not_reached_gets_a_snapshot(needs):
    job = await submitted(needs)
    news = watch(job, needs, after=999)
    assert (await anext(news)).seq == 1
    await news.aclose()


async def test_a_job_has_ended_for_those_who_saw_its_end(needs):
    job = await submitted(needs)
    assert not has_ended(job, 1)
    done = await cancel_job(job.id, ANN, repository=needs.repository, notifier=needs.notifier, observer=needs.observer)
    assert has_ended(done, done.event_seq)
    assert not has_ended(done, done.event_seq - 1)
    assert not has_ended(done, None)


async def test_events_that_are_no_longer_kept_are_skipped_to_the_job_as_it_is(needs):
    class Forgetful(JobReader):
        async def events_between(self, job_id, after, until):
            return ()

    job = await submitted(needs, count=2)
    await live(needs, at_once)
    news = watch(job, needs, after=1, reader=Forgetful(needs.repository))
    assert [seen.seq for seen in await rest(news)] == [6]


async def test_progress_and_previews_come_in_between(needs):
    job = await submitted(needs)
    tick = ProgressTick(job_id=job.id, owner="ann", fraction=0.5, step=1, steps=2)
    preview = PreviewTick(job_id=job.id, owner="ann", ordinal=0, step=1, image=b"webp", media_type="image/webp")
    for previews, expected in ((True, [tick, preview]), (False, [tick])):
        news = watch(job, needs, previews=previews)
        await anext(news)
        needs.notifier.publish((tick, preview))
        assert [await anext(news) for _ in expected] == expected
        await news.aclose()


async def test_silence_is_told_at_each_heartbeat(needs):
    job = await submitted(needs)
    news = watch(job, needs, heartbeat=0.02)
    assert [(await anext(news)) is None for _ in range(3)] == [False, True, True]
    await news.aclose()


async def test_a_change_of_which_nobody_told_is_found_at_the_heartbeat(needs):
    job = await submitted(needs)
    news = watch(job, needs, heartbeat=0.02)
    await anext(news)
    await needs.repository.cancel(job.id)
    assert (await next_seen(news)).job.state is JobState.CANCELLED


async def test_a_change_between_subscribing_and_reading_is_not_missed(needs):
    class ChangesMeanwhile(CountingRepository):
        async def find_job(self, job_id):
            job = await self.repository.find_job(job_id)
            if job.state is JobState.QUEUED:
                await cancel_job(
                    job_id, ANN, repository=self.repository, notifier=needs.notifier, observer=needs.observer
                )
            return job

    job = await submitted(needs)
    news = watch(job, needs, reader=JobReader(ChangesMeanwhile(needs.repository)), heartbeat=60)
    assert [seen.job.state for seen in await rest(news)] == [JobState.QUEUED, JobState.CANCELLED]


async def test_nobody_watches_anothers_job(needs):
    job = await submitted(needs)
    with pytest.raises(NotFound):
        await anext(watch(job, needs, principal=BEN))
    assert needs.notifier.boards() == ()


async def test_a_stream_ends_when_its_principal_no_longer_holds(needs):
    job = await submitted(needs)
    news = watch(job, needs, holds=never)
    await anext(news)
    needs.notifier.publish((JobChanged(job_id=job.id, owner="ann", seq=2),))
    assert await rest(news) == []


async def test_a_revoked_key_ends_its_silent_stream_within_two_seconds(needs):
    authenticator = ApiKeyAuthenticator(needs.repository)
    made = await create_key("ann", repository=needs.repository)
    principal = await authenticator.authenticate(made.key)
    job = await submitted(needs)
    news = watch(job, needs, principal=principal, holds=lambda: authenticator.holds(principal), heartbeat=60)
    await anext(news)
    await revoke_key(made.record.id, repository=needs.repository, forget=authenticator.forget)
    async with asyncio.timeout(2):
        assert await rest(news) == []


async def test_streams_end_when_the_notifier_closes(needs):
    job = await submitted(needs)
    news = watch(job, needs)
    await anext(news)
    await needs.notifier.close()
    assert await rest(news) == []


async def test_a_deleted_owners_stream_ends(needs):
    job = await submitted(needs)
    news = watch(job, needs, heartbeat=0.02)
    await anext(news)
    await needs.repository.delete_owner("ann")
    assert await rest(news) == []


async def test_a_stream_that_is_left_leaves_nothing_behind(needs):
    job = await submitted(needs)
    news = watch(job, needs)
    await anext(news)
    assert len(needs.notifier.boards()) == 1
    await news.aclose()
    assert needs.notifier.boards() == ()


async def test_a_thousand_watchers_of_one_job_cost_one_read_a_change(needs):
    job = await submitted(needs, count=2)
    counting = CountingRepository(needs.repository)
    reader = JobReader(counting)
    streams = [watch(job, needs, principal=Principal(user_id="ann"), reader=reader) for _ in range(1000)]
    await asyncio.gather(*(anext(news) for news in streams))
    counting.asked.clear()
    claim = await claim_of(needs)
    seen = await asyncio.gather(*(next_seen(news) for news in streams))
    assert {(news.seq, news.job.state) for news in seen} == {(2, JobState.RUNNING)}
    await keep(needs, claim)
    assert {news.seq for news in await asyncio.gather(*(next_seen(news) for news in streams))} == {3}
    assert counting.asked["find_job"] == 2
    assert counting.asked["events_after"] == 0
    await asyncio.gather(*(news.aclose() for news in streams))
