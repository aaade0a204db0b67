import asyncio
import random

import pytest

from limner.actions.cancel_job import cancel_job
from limner.actions.watch_jobs import MOST_RECENT, SeenAt
from limner.domain.event import ProgressTick
from limner.domain.job import JobState
from tests.actions.asking import ANN, studio, submitted
from tests.actions.watching import claim_of, keep, never, next_seen, rest, watch_all


@pytest.fixture
async def needs(tmp_path):
    async with studio(tmp_path / "limner.db") as needs:
        yield needs


async def cancel(needs, job):
    await cancel_job(job.id, ANN, repository=needs.repository, notifier=needs.notifier, observer=needs.observer)


async def taken(news, count):
    return [await next_seen(news) for _ in range(count)]


async def position_of(needs):
    """Where a watcher is who has just connected."""
    news = watch_all(needs)
    await submitted(needs)
    seen = await anext(news)
    while seen.position is None:
        seen = await anext(news)
    await news.aclose()
    return seen.position


async def test_a_first_connect_gets_what_is_unfinished_or_recent_oldest_first(needs):
    old = await submitted(needs)
    done = [await submitted(needs) for _ in range(MOST_RECENT + 3)]
    await asyncio.gather(*(cancel(needs, job) for job in done))
    news = watch_all(needs)
    seen = [one.job.id for one in await taken(news, MOST_RECENT + 1)]
    assert seen[0] == old.id
    assert seen[1:] == sorted(job.id for job in done)[-MOST_RECENT:]
    await news.aclose()


async def test_changes_of_all_jobs_come_live_each_with_its_position(needs):
    first = await submitted(needs)
    news = watch_all(needs)
    await anext(news)
    second = await submitted(needs)
    submit = await next_seen(news)
    await cancel(needs, first)
    end = await next_seen(news)
    assert [(one.job.id, one.job.state) for one in (submit, end)] == [
        (second.id, JobState.QUEUED),
        (first.id, JobState.CANCELLED),
    ]
    assert submit.position != end.position
    await news.aclose()


async def test_only_the_owners_jobs_are_told(needs):
    news = watch_all(needs, heartbeat=0.05)
    waiting = asyncio.create_task(anext(news))
    await submitted(needs, owner="ben")
    assert await waiting is None
    await news.aclose()


async def test_a_reconnect_gets_each_job_that_changed_since_once_as_it_is_now(needs):
    position = await position_of(needs)
    a, b = [await submitted(needs) for _ in range(2)]
    await cancel(needs, a)
    news = watch_all(needs, after=position)
    seen = await taken(news, 2)
    assert [(one.job.id, one.job.state) for one in seen] == [(b.id, JobState.QUEUED), (a.id, JobState.CANCELLED)]
    await news.aclose()


async def test_a_watcher_that_leaves_in_the_middle_of_a_handful_gets_it_again(needs):
    position = await position_of(needs)
    jobs = [await submitted(needs) for _ in range(3)]
    news = watch_all(needs, after=position)
    first = await anext(news)
    await news.aclose()
    assert first.position == position
    again = watch_all(needs, after=first.position)
    assert {one.job.id for one in await taken(again, 3)} == {job.id for job in jobs}
    await again.aclose()


async def test_the_middle_of_the_first_snapshot_has_no_position(needs):
    for _ in range(3):
        await submitted(needs)
    news = watch_all(needs)
    assert [one.position is None for one in await taken(news, 3)] == [True, True, False]
    await news.aclose()


async def test_more_changes_than_a_handful_are_all_told(needs, monkeypatch):
    monkeypatch.setattr("limner.actions.watch_jobs.MOST_AT_ONCE", 4)
    position = await position_of(needs)
    jobs = [await submitted(needs) for _ in range(11)]
    news = watch_all(needs, after=position)
    assert [one.job.id for one in await taken(news, 11)] == [job.id for job in jobs]
    await news.aclose()


@pytest.mark.parametrize("seed", range(8))
async def test_reconnecting_at_random_points_misses_no_final_state(needs, seed):
    dice = random.Random(seed)
    known, position, jobs = {}, None, []

    async def busy():
        for _ in range(12):
            jobs.append(await submitted(needs))
            if dice.random() < 0.7:
                await cancel(needs, dice.choice(jobs))
            await asyncio.sleep(dice.choice((0, 0.003)))

    working = asyncio.create_task(busy())
    while not working.done():
        news = watch_all(needs, after=position, heartbeat=0.01)
        for _ in range(dice.randint(1, 6)):
            if isinstance(seen := await anext(news), SeenAt):
                known[seen.job.id], position = seen.job.state, seen.position or position
        await news.aclose()
    news = watch_all(needs, after=position, heartbeat=0.02)
    while (seen := await anext(news)) is not None:
        known[seen.job.id] = seen.job.state
    await news.aclose()
    assert known == {job.id: (await needs.repository.find_job(job.id)).state for job in jobs}


async def test_progress_of_any_job_comes_along(needs):
    job = await submitted(needs)
    news = watch_all(needs)
    await anext(news)
    tick = ProgressTick(job_id=job.id, owner="ann", fraction=0.5, step=1)
    needs.notifier.publish((tick,))
    assert await anext(news) == tick
    await news.aclose()


async def test_a_change_of_which_nobody_told_is_found_at_the_heartbeat(needs):
    job = await submitted(needs)
    news = watch_all(needs, heartbeat=0.02)
    await anext(news)
    await needs.repository.cancel(job.id)
    assert (await next_seen(news)).job.state is JobState.CANCELLED
    await news.aclose()


async def test_a_deleted_job_is_passed_over(needs):
    position = await position_of(needs)
    gone, stays = [await submitted(needs) for _ in range(2)]
    await cancel(needs, gone)
    await needs.repository.delete_job(gone.id)
    news = watch_all(needs, after=position)
    assert (await anext(news)).job.id == stays.id
    await news.aclose()


async def test_a_foreign_position_starts_with_the_oldest_kept_change(needs):
    job = await submitted(needs)
    await keep(needs, await claim_of(needs), finish=True)
    news = watch_all(needs, after="nonsense")
    seen = await anext(news)
    assert (seen.job.id, seen.job.state) == (job.id, JobState.SUCCEEDED)
    await news.aclose()


async def test_a_stream_ends_when_its_principal_no_longer_holds(needs):
    await submitted(needs)
    news = watch_all(needs, holds=never)
    await anext(news)
    await submitted(needs)
    assert await rest(news) == []


async def test_streams_end_when_the_notifier_closes(needs):
    await submitted(needs)
    news = watch_all(needs)
    await anext(news)
    await needs.notifier.close()
    assert await rest(news) == []
