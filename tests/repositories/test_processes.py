import asyncio
import fcntl
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import CancelledError, Future
from contextlib import closing
from pathlib import Path

import pytest

from limner.domain.errors import DatabaseUnavailable, LeaseLost, StorageFull
from limner.repositories.sql import sqlite
from tests.repositories.making import POLICY, claimed, new_image, on_sqlite, opened, running, submitted

ROOT = Path(__file__).parents[2]


def start(path, *arguments, **options):
    command = [sys.executable, str(Path(__file__).with_name("busy_process.py")), str(path), *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **options)
    assert process.stdout.readline() == "ready\n"
    return process


def faults_of(path):
    """What is wrong with a database that nobody uses any more."""
    with closing(sqlite3.connect(path)) as connection:
        yield from (line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok")
        yield from connection.execute("PRAGMA foreign_key_check")
        yield from connection.execute(
            "SELECT job_id FROM limner_events GROUP BY job_id HAVING count(*) <> max(seq) OR min(seq) <> 1"
        )
        yield from connection.execute(
            "SELECT j.owner FROM limner_jobs j LEFT JOIN limner_lanes l USING (owner, engine) GROUP BY j.owner, j.engine"
            " HAVING sum(j.state = 'queued') <> coalesce(max(l.waiting), 0)"
            " OR sum(j.state = 'running') <> coalesce(max(l.running), 0)"
        )


def missing_from(path, acknowledged):
    with closing(sqlite3.connect(path)) as connection:
        return set(acknowledged) - {job_id for (job_id,) in connection.execute("SELECT id FROM limner_jobs")}


def test_what_was_acknowledged_outlives_kills(path):
    chance, acknowledged = random.Random(4711), []
    for _ in range(5):
        process = start(path)
        time.sleep(chance.uniform(0.05, 0.4))
        process.send_signal(signal.SIGKILL)
        acknowledged += [line for line in process.communicate()[0].split("\n") if len(line) == 36]
    assert len(acknowledged) > 20
    assert missing_from(path, acknowledged) == set()
    assert list(faults_of(path)) == []


def test_processes_write_and_checkpoint_side_by_side(path):
    processes = [start(path, 400) for _ in range(2)]
    outputs = [process.communicate(timeout=120)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [len(output) for output in outputs] == [400, 400]
    assert missing_from(path, {*outputs[0], *outputs[1]}) == set()
    assert list(faults_of(path)) == []


@on_sqlite
async def test_a_process_that_holds_on_to_the_file_is_a_pause_with_a_clear_error(repository, path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    job = await submitted(repository)
    with path.with_name("limner.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatabaseUnavailable, match="Another process holds the database"):
            await submitted(repository)
        assert (await repository.find_job(job.id)).id == job.id
    await submitted(repository)


@on_sqlite
async def test_an_outage_delays_the_belief_in_lost_leases(repository, path, monkeypatch, clock):
    await running(repository)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    with path.with_name("limner.db.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(DatabaseUnavailable):
            await submitted(repository)
    clock.pass_(POLICY.lease + 1)
    assert (await repository.sweep(policy=POLICY, is_dead=lambda worker: False)).changes == ()


async def test_a_failure_hurts_only_its_own_command(repository):
    claims = [await running(repository, owner=f"u{number}", count=2) for number in range(6)]
    await repository.keep_image(claims[0].lease, new_image(claims[0], key="another"), finish=False)
    keeping = (repository.keep_image(claim.lease, new_image(claim), finish=False) for claim in claims)
    answers = await asyncio.gather(*keeping, return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [LeaseLost]
    assert [len((await repository.find_job(claim.job.id)).images) for claim in claims] == [1] * 6


async def test_a_caller_who_gave_up_leaves_the_others_alone(repository):
    given_up = [asyncio.create_task(submitted(repository)) for _ in range(5)]
    others = [asyncio.create_task(submitted(repository)) for _ in range(5)]
    await asyncio.sleep(0)
    for task in given_up:
        task.cancel()
    assert len(await asyncio.gather(*others)) == 5


async def test_a_thread_that_gives_up_while_it_is_answered_leaves_the_writer_alive(repository, monkeypatch):
    class GivesUp(Future):
        def done(self):
            answered = super().done()
            self.cancel()
            return answered

    def beat():
        with pytest.raises(CancelledError):
            repository.renew([], seconds=30)

    monkeypatch.setattr("limner.repositories.sql.writer.Future", GivesUp)
    await asyncio.to_thread(beat)
    await asyncio.wait_for(submitted(repository), 5)


async def test_event_loops_of_several_threads_share_the_writer(repository):
    def in_a_loop_of_its_own():
        return asyncio.run(submitted(repository))

    jobs = await asyncio.gather(*(asyncio.to_thread(in_a_loop_of_its_own) for _ in range(4)))
    assert len({job.id for job in jobs}) == 4


async def test_a_closed_repository_says_so(path):
    async with opened(path) as repository:
        pass
    with pytest.raises(DatabaseUnavailable):
        await submitted(repository)
    with pytest.raises(DatabaseUnavailable):
        await repository.find_job("x")


@on_sqlite
async def test_the_log_does_not_grow_without_end(repository, path, monkeypatch):
    monkeypatch.setattr("limner.repositories.sql.sqlite.CHECKPOINT_PAGES", 50)
    for _ in range(100):
        await asyncio.gather(*(submitted(repository, owner=f"u{number}") for number in range(20)))
    assert path.with_name("limner.db-wal").stat().st_size < 3 * 1024 * 1024


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 1 MiB, and how to make it larger."""
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        shutil.which("mount") is None
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "limner-test", str(folder)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a small tmpfs needs root")
    yield folder, lambda: subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True)
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_a_pause_without_loss(small_disk):
    folder, enlarge = small_disk
    acknowledged = []

    async def submit_on():
        while True:
            acknowledged.append((await submitted(repository, owner=f"u{len(acknowledged)}")).id)

    async with opened(folder / "limner.db") as repository:
        with pytest.raises(StorageFull):
            await submit_on()
        assert await repository.find_job(acknowledged[0]) is not None
        enlarge()
        acknowledged.append((await submitted(repository)).id)
        assert len(await claimed(repository)) == 1
    assert missing_from(folder / "limner.db", acknowledged) == set()
    assert list(faults_of(folder / "limner.db")) == []
