import asyncio
import logging
import sys
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from limner.actions.job_reader import JobReader
from limner.actions.watch_job import Seen, watch_job
from limner.domain.errors import DatabaseUnavailable
from limner.domain.event import JobChanged, PreviewTick, ProgressTick
from limner.domain.identity import Principal
from limner.domain.job import JobState
from limner.notifiers.following import FollowingNotifier
from limner.notifiers.postgres import ListenWatch, _Listener
from limner.notifiers.sqlite import FileWatch
from limner.repositories.sql.postgres import PostgresDatabase
from tests.fleet.brokers import Proxy
from tests.repositories.making import claimed, new_image, opened, submitted

ANN = Principal(user_id="ann")
PATIENCE = 30
"""Seconds within which what must come has come, on a machine that has much else to do."""


@asynccontextmanager
async def listening(place, repository, on_change=None, changes_after=None, preview_of=None):
    watch = FileWatch(place) if isinstance(place, Path) else ListenWatch(listening_to(place))
    notifier = FollowingNotifier(
        watch,
        changes_after=changes_after or repository.changes_after,
        progress_of=repository.progress_of,
        preview_of=preview_of or none_of,
        on_change=on_change,
    )
    await notifier.open()
    try:
        yield notifier
    finally:
        await notifier.close()


def listening_to(url):
    return PostgresDatabase(url).connect_for_listening


async def none_of(progress):
    return None


@pytest.fixture(params=["sqlite", "postgres"])
def place(request, tmp_path):
    return request.getfixturevalue("postgres_url") if request.param == "postgres" else tmp_path / "limner #1.db"


@pytest.fixture
async def here(place):
    async with opened(place) as repository:
        yield repository


@pytest.fixture
async def there(place, here):
    """Another connection, as another process has it."""
    async with opened(place) as repository:
        yield repository


class Elsewhere:
    """A real other process that paints; `step` lets it go on and returns when that was committed."""

    def __init__(self, process):
        self.process = process

    @classmethod
    @asynccontextmanager
    async def painting(cls, place):
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "tests.notifiers.elsewhere", str(place))
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
        other = cls(process)
        await other.said("open")
        try:
            yield other
        finally:
            process.stdin.close()
            await process.wait()

    async def said(self, name):
        word, when = (await self.process.stdout.readline()).split()
        assert word.decode() == name
        return float(when)

    async def step(self, name):
        self.process.stdin.write(b"\n")
        return await self.said(name)


async def test_a_watcher_sees_what_another_process_did(place, here):
    job = await submitted(here)
    async with listening(place, here) as notifier, Elsewhere.painting(place) as other:
        news = watch_job(job.id, ANN, reader=JobReader(here), notifier=notifier, holds=always)
        assert (await anext(news)).job.state is JobState.QUEUED
        await other.step("claimed")
        assert (await changed(news)).state is JobState.RUNNING
        await other.step("painting")
        assert await ticked(news) == (0.5, 4, 8)
        await other.step("finished")
        last = await changed(news)
        assert (last.state, len(last.images)) == (JobState.SUCCEEDED, 1)
        assert [seen async for seen in news] == []


async def always():
    return True


async def changed(news):
    """The next durable change."""
    async with asyncio.timeout(PATIENCE):
        while not isinstance(seen := await anext(news), Seen):
            pass
    return seen.job


async def ticked(news):
    async with asyncio.timeout(PATIENCE):
        while not isinstance(tick := await anext(news), ProgressTick):
            pass
    return tick.fraction, tick.step, tick.steps


async def test_an_owners_watcher_hears_jobs_that_others_submit_and_paint(place, here, there):
    async with listening(place, here) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(there)
            assert await ear.next(PATIENCE) == (JobChanged(job_id=job.id, owner="ann", seq=1),)
            await claimed(there)
            assert await ear.next(PATIENCE) == (JobChanged(job_id=job.id, owner="ann", seq=2),)
            tick = ProgressTick(job_id=job.id, owner="ann", fraction=0.25, step=1, steps=4)
            await there.save_progress([tick])
            assert await ear.next(PATIENCE) == (tick,)


async def told(notifier, repository):
    """The id of a job that was submitted there, and of which the watchers there were told."""
    job = await submitted(repository)
    notifier.publish((JobChanged(job_id=job.id, owner="ann", seq=1),))
    return job.id


async def hears(ear, job_id):
    assert [change.job_id for change in await heard(ear, JobChanged)] == [job_id]


async def test_what_others_say_is_heard_at_once_and_not_at_the_next_look(place, here, there, monkeypatch):
    for name in ("LOOK_EVERY", "ASK_EVERY"):
        monkeypatch.setattr(f"limner.notifiers.postgres.{name}", 60)
    async with listening(place, here) as notifier, listening(place, there) as other:
        with notifier.subscribe(owner="ann") as ear:
            for _ in range(3):
                await hears(ear, await told(other, there))
                await asyncio.sleep(0.2)


@pytest.fixture
def proxy(postgres):
    """On the way to Postgres."""
    proxy = Proxy(postgres.socket)
    yield proxy
    proxy.close()


@pytest.mark.parametrize("dead", ["who hears", "who says"])
async def test_a_connection_that_died_in_silence_is_found_and_replaced(postgres_url, proxy, monkeypatch, dead):
    """Whatever stands between still answers TCP; nobody looks, so only the connection itself can tell."""
    for name, seconds in (("LOOK_EVERY", 60), ("ASK_EVERY", 0.3), ("ANSWER_WITHIN", 0.5)):
        monkeypatch.setattr(f"limner.notifiers.postgres.{name}", seconds)
    through = f"postgresql://postgres@127.0.0.1:{proxy.port}/{postgres_url.partition('@/')[2].partition('?')[0]}"
    hearing, saying = (through, postgres_url) if dead == "who hears" else (postgres_url, through)
    async with (
        opened(postgres_url) as here,
        opened(postgres_url) as there,
        listening(hearing, here) as notifier,
        listening(saying, there) as other,
    ):
        with notifier.subscribe(owner="ann") as ear:
            await hears(ear, await told(other, there))
            proxy.forget()
            await hears(ear, await told(other, there))
            await hears(ear, await told(other, there))


async def test_the_dispatcher_is_nudged_by_others_and_not_by_ourselves(place, here, there):
    nudges = []
    async with listening(place, here, on_change=lambda: nudges.append(1)) as notifier:
        job = await submitted(here)
        notifier.publish((JobChanged(job_id=job.id, owner="ann", seq=1),))
        await asyncio.sleep(0.4)
        assert nudges == []
        await submitted(there)
        async with asyncio.timeout(PATIENCE):
            while not nudges:
                await asyncio.sleep(0.05)
        assert nudges == [1]


async def test_what_this_process_published_is_not_heard_twice(place, here):
    async with listening(place, here) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(here)
            notifier.publish((JobChanged(job_id=job.id, owner="ann", seq=1),))
            assert len(await ear.next(PATIENCE)) == 1
            assert await ear.next(0.5) == ()


async def test_what_is_published_during_the_read_is_not_heard_twice(place, here):
    nudges = []

    async def changes_after(position, *, owner=None, limit=1000):
        changes, reached = await here.changes_after(position, owner=owner, limit=limit)
        if changes:
            notifier.publish(changes)
        return changes, reached

    async with listening(place, here, lambda: nudges.append(1), changes_after) as notifier:
        await submitted(here)
        await asyncio.sleep(0.4)
    assert nudges == []


async def test_progress_of_what_this_process_paints_is_told_by_itself_only(place, here):
    job = await submitted(here)
    await claimed(here)
    async with listening(place, here) as notifier:
        with notifier.subscribe(job_id=job.id) as ear:
            fresh = ProgressTick(job_id=job.id, owner="ann", fraction=0.9, step=9, steps=10)
            notifier.publish((fresh,))
            assert await ear.next(PATIENCE) == (fresh,)
            await here.save_progress([ProgressTick(job_id=job.id, owner="ann", fraction=0.1, step=1, steps=10)])
            assert await ear.next(0.5) == ()


class Shelf:
    """Where other processes put previews; `asked` are the jobs for which somebody looked."""

    def __init__(self):
        self.asked, self.may_answer = [], asyncio.Event()

    async def preview_of(self, progress):
        self.asked.append(progress.job_id)
        await self.may_answer.wait()
        return preview_of(progress.job_id)

    async def is_asked_for(self, job_ids):
        async with asyncio.timeout(PATIENCE):
            while self.asked != job_ids:
                await asyncio.sleep(0.05)


def preview_of(job_id):
    return PreviewTick(job_id=job_id, owner="ann", ordinal=0, step=1, image=b"x", media_type="image/webp")


async def advance(there, job, *steps):
    """Another process saves progress, and its watchers hear of it."""
    for step in steps:
        await there.save_progress([ProgressTick(job_id=job.id, owner="ann", fraction=step / 9, step=step, steps=9)])
        await asyncio.sleep(1.2)


async def heard(ear, kind):
    async with asyncio.timeout(PATIENCE):
        while not (found := [signal for signal in await ear.next(1) if isinstance(signal, kind)]):
            pass
    return found


async def test_a_preview_comes_with_progress_from_elsewhere_and_once(place, here, there):
    shelf = Shelf()
    shelf.may_answer.set()
    async with listening(place, here, preview_of=shelf.preview_of) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(there)
            await claimed(there)
            await advance(there, job, 1)
            assert await heard(ear, PreviewTick) == [preview_of(job.id)]
            for step in (2, 3):
                await advance(there, job, step)
                await shelf.is_asked_for([job.id] * step)
            assert not [signal for signal in await ear.next(1) if isinstance(signal, PreviewTick)]


async def test_nobody_looks_for_previews_that_nobody_wants_to_see(place, here, there):
    shelf = Shelf()
    async with listening(place, here, preview_of=shelf.preview_of) as notifier:
        with notifier.subscribe(owner="ann", previews=False) as ear:
            job = await submitted(there)
            await claimed(there)
            await advance(there, job, 1)
            assert await heard(ear, ProgressTick)
    assert shelf.asked == []


async def test_a_storage_that_does_not_answer_holds_no_change_up(place, here, there):
    shelf = Shelf()
    async with listening(place, here, preview_of=shelf.preview_of) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(there)
            (claim,) = await claimed(there)
            await advance(there, job, 1)
            assert await heard(ear, ProgressTick)
            await shelf.is_asked_for([job.id])
            await there.keep_image(claim.lease, new_image(claim), finish=True)
            assert (await heard(ear, JobChanged))[-1].seq == 3
            shelf.may_answer.set()  # too late: the job has ended
            assert not [signal for signal in await ear.next(1.5) if isinstance(signal, PreviewTick)]


async def test_more_changes_than_one_read_gives_are_all_told(place, here, there, monkeypatch):
    monkeypatch.setattr("limner.notifiers.following.MOST_AT_ONCE", 3)
    async with listening(place, here) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            jobs = await asyncio.gather(*(submitted(there) for _ in range(10)))
            heard = set()
            async with asyncio.timeout(PATIENCE):
                while len(heard) < 10:
                    heard |= {signal.job_id for signal in await ear.next(1)}
            assert heard == {job.id for job in jobs}


@pytest.mark.parametrize("fault", [DatabaseUnavailable(), ValueError("a bug")])
async def test_a_read_that_fails_costs_nothing(place, here, there, fault):
    asked = []

    async def changes_after(position, *, owner=None, limit=1000):
        asked.append(position)
        if len(asked) == 2:
            raise fault
        return await here.changes_after(position, owner=owner, limit=limit)

    async with listening(place, here, changes_after=changes_after) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(there)
            assert (await ear.next(PATIENCE))[0].job_id == job.id


async def test_a_watch_that_fails_is_begun_again(place, here, there, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "limner.notifier")
    watcher, name = (FileWatch, "_watch_through") if isinstance(place, Path) else (_Listener, "_listen")
    watch, failures = getattr(watcher, name), []

    def fails_once(*given):
        if not failures:
            failures.append(1)
            raise ValueError("a bug")
        watch(*given)

    monkeypatch.setattr(watcher, name, fails_once)
    async with listening(place, here) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            job = await submitted(there)
            assert (await ear.next(PATIENCE))[0].job_id == job.id
        async with asyncio.timeout(PATIENCE):
            while len(caplog.records) < 2:  # a look may have found it before anybody listened again
                await asyncio.sleep(0.01)
    failed, over = (record.getMessage() for record in caplog.records)
    assert over == f"over: {failed}"


async def test_a_server_that_is_away_is_told_in_a_sentence_without_a_trace(caplog):
    watch = ListenWatch(listening_to(make_url("postgresql://127.0.0.1:1/limner?connect_timeout=1")))
    watch.start(asyncio.get_running_loop(), lambda: None)
    async with asyncio.timeout(PATIENCE):
        while not caplog.records:
            await asyncio.sleep(0.01)
    await watch.stop()
    told = caplog.records[0]
    assert "it is looked at every second: The database does not answer (" in told.getMessage()
    assert told.exc_info is None


async def test_a_server_that_does_not_answer_holds_up_neither_looks_nor_the_end(monkeypatch):
    released, looks = threading.Event(), []

    def connect():
        released.wait()
        raise OSError("nobody answered")

    monkeypatch.setattr("limner.notifiers.postgres.LOOK_EVERY", 0.01)
    monkeypatch.setattr("limner.notifiers.postgres.PATIENCE", 0.1)
    watch = ListenWatch(connect)
    watch.start(asyncio.get_running_loop(), lambda: looks.append(1))
    while len(looks) < 3:
        await asyncio.sleep(0.01)
    await asyncio.wait_for(watch.stop(), 30)
    assert threads_of_watches()
    released.set()
    while threads_of_watches():
        await asyncio.sleep(0.01)


def threads_of_watches():
    return [thread for thread in threading.enumerate() if thread.name == "limner-notifier"]


async def test_faults_in_a_row_are_logged_once(place, here, caplog, monkeypatch):
    async def changes_after(position, *, owner=None, limit=1000):
        if position is None:
            return (), "0"
        asked.append(position)
        raise ValueError("a bug")

    asked = []
    monkeypatch.setattr("limner.notifiers.following.PAUSE", 0.01)
    async with listening(place, here, changes_after=changes_after):
        while len(asked) < 3:
            await asyncio.sleep(0.01)
    assert [record.name for record in caplog.records] == ["limner.notifier"]


async def test_closing_stops_the_thread_and_the_streams(place, here):
    async with listening(place, here) as notifier:
        with notifier.subscribe(owner="ann") as ear:
            waiting = asyncio.create_task(ear.next(60))
            await asyncio.sleep(0)
            await notifier.close()
            with pytest.raises(StopAsyncIteration):
                await waiting
    assert threads_of_watches() == []
