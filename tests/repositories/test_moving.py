"""All rows from a file to a server: every table, killed halfway, refused where they do not belong."""

import asyncio
import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import psycopg
import pytest

from limner.contracts.repository import Idempotency
from limner.domain.errors import DatabaseError, DatabaseUnavailable, RateLimited
from limner.domain.job import JobState
from limner.repositories.sql import SqlRepository, moving, tables
from limner.repositories.sql.moving import move_rows
from tests.repositories.making import (
    POLICY,
    claimed,
    execute,
    new_image,
    new_key,
    open_call,
    opened,
    running,
    start_from,
    submitted,
    trouble,
    uploaded,
)

NAMES = [table.name for table in tables.metadata.sorted_tables if table is not tables.lanes]
LANES = "SELECT owner, engine, queued, urgent, waiting, running, claimable FROM limner_lanes ORDER BY owner, engine"
MOVE = "import sys; from limner.repositories.sql.moving import move_rows; move_rows(*sys.argv[1:])"

MANY = 4000
COPIES = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < :many)"
NUMBERED = "substr(job.id, 1, 24) || printf('%012d', n)"


@pytest.fixture
async def source(path):
    """A file with a row or more in every table, of an installation that was stopped while it painted."""
    async with opened(path) as repository:
        await repository.installation()
        await repository.add_key(new_key(repository))
        await submitted(repository, owner="Ä", reference="Ä", metadata={"name": "Zoë ☕ \\ 'quoted' \t"})
        await start_from(repository, await uploaded(repository), idempotency=Idempotency(key="k", fingerprint="f"))
        claim = await running(repository, owner="cleo", route=("openai",))
        await open_call(repository, claim, cost=0.04)
        await repository.keep_image(claim.lease, new_image(claim), finish=True)
        await trouble(repository, "deepai", RateLimited("Slowly.", retry_after=60))
        await running(repository, owner="Ben", route=("ledger",))
    return f"sqlite:///{path}"


@pytest.fixture
def target(postgres):
    url = postgres.new_database(empty=True)
    yield url
    postgres.drop(url)


def rows_of(place, name):
    return sorted(map(tuple, execute(place, f"SELECT * FROM {name}")), key=repr)


def everything(place):
    return {name: rows_of(place, name) for name in NAMES}


def retired(source):
    return f"{source}.moved"


async def test_every_row_of_every_table_comes_over(source, target):
    before = everything(source)
    assert all(before.values()), "each table needs a row, or this proves nothing about it"
    moved = move_rows(source, target)
    assert {table.name: table.rows for table in moved.tables} == {name: len(rows) for name, rows in before.items()}
    assert everything(target) == before == everything(retired(source))
    assert sorted(execute(target, LANES)) == sorted(execute(retired(source), LANES)) != []


async def test_positions_go_on_behind_the_last_that_was_given(source, target, path):
    async with opened(path) as repository:
        gone = await submitted(repository, owner="ann")
        await repository.cancel(gone.id)
        await repository.delete_job(gone.id)
        _, here = await repository.changes_after(None, owner="ann")
    move_rows(source, target)
    async with opened(target) as repository:
        assert await repository.changes_after(here, owner="ann") == ((), here)
        job = await submitted(repository, owner="ann")
        changes, _ = await repository.changes_after(here, owner="ann")
        assert [change.job_id for change in changes] == [job.id]


async def test_an_installation_without_any_event_moves(path, target):
    async with opened(path):
        pass
    move_rows(f"sqlite:///{path}", target)
    async with opened(target) as repository:
        job = await submitted(repository)
        assert [event.seq for event in await repository.events_after(job.id, 0)] == [1]


async def test_work_goes_on_there(source, target):
    move_rows(source, target)
    async with opened(target) as repository:
        await repository.sweep(policy=POLICY, is_dead=lambda worker: True)
        engines = ("painter", "ledger")
        claims = [claim for engine in engines for claim in await claimed(repository, engine=engine, slots=9)]
        assert sorted(claim.job.owner for claim in claims) == ["Ben", "ann", "Ä"]
        for claim in claims:
            await repository.keep_image(claim.lease, new_image(claim), finish=True)
            assert (await repository.find_job(claim.job.id)).state is JobState.SUCCEEDED


async def test_lanes_are_counted_anew(source, target):
    lanes = sorted(execute(source, LANES))
    execute(source, "UPDATE limner_lanes SET waiting = 7")
    move_rows(source, target)
    assert sorted(execute(target, LANES)) == lanes


def fill(source):
    """Thousands of jobs with an event and a picture each."""
    with closing(sqlite3.connect(source.removeprefix("sqlite:///"))) as connection, connection:
        (job_id,) = connection.execute("SELECT job_id FROM limner_images").fetchone()
        for table in (tables.jobs, tables.images, tables.events):
            columns = [column.name for column in table.columns if column is not tables.events.c.position]
            values = [NUMBERED if name in {"id", "job_id"} else name for name in columns]
            of = "id" if table is tables.jobs else "job_id"
            values = ", ".join(value if value == NUMBERED else f"one.{value}" for value in values)
            connection.execute(
                f"{COPIES} INSERT INTO {table.name} ({', '.join(columns)}) SELECT {values} FROM n, {table.name} AS one"
                f" JOIN limner_jobs AS job ON job.id = one.{of}"
                f" WHERE job.id = :job{' AND one.seq = 1' if table is tables.events else ''}",
                {"many": MANY, "job": job_id},
            )


def count(place, name):
    with contextlib.suppress(psycopg.errors.UndefinedTable), psycopg.connect(place) as connection:
        return connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    return 0


def killed_while_copying(source, target, name):
    """Killed for good once some rows of a table are there; how many."""
    process = subprocess.Popen([sys.executable, "-c", MOVE, source, target])
    try:
        while not (found := count(target, name)):
            assert process.poll() is None
            time.sleep(0.001)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return found


@pytest.mark.parametrize("name", ["limner_jobs", "limner_images"])
async def test_a_move_that_is_killed_goes_on_and_doubles_nothing(source, target, name):
    fill(source)
    before = everything(source)
    found = killed_while_copying(source, target, name)
    assert 0 < found < len(before[name])
    with pytest.raises(DatabaseError, match="Run limner move-database again"):
        await SqlRepository(target).open()
    moved = {table.name: table for table in move_rows(source, target).tables}
    assert 0 < moved[name].copied <= moved[name].rows - found
    assert everything(target) == before


async def test_one_that_was_killed_after_its_last_word_has_nothing_more_to_do(source, target, path):
    first = move_rows(source, target)
    first.retired.rename(path)
    second = move_rows(source, target)
    assert {table.copied for table in second.tables} == {0}
    assert [table.digest for table in second.tables] == [table.digest for table in first.tables]


async def test_one_that_was_moved_and_then_used_is_left_alone(source, target, path):
    move_rows(source, target).retired.rename(path)
    async with opened(target) as repository:
        job = await submitted(repository)
    with pytest.raises(DatabaseError, match="used since"):
        move_rows(source, target)
    assert path.exists()
    assert execute(target, f"SELECT count(*) FROM limner_jobs WHERE id = '{job.id}'") == [(1,)]


async def test_what_comes_over_changed_is_found_out(source, target, path, monkeypatch):
    copy = moving._copy

    def copy_badly(here, there, table, told):
        copied = copy(here, there, table, told)
        if table is tables.images:
            execute(target, "UPDATE limner_images SET sha256 = 'ff'")
        return copied

    monkeypatch.setattr(moving, "_copy", copy_badly)
    with pytest.raises(DatabaseError, match="limner_images is not the same"):
        move_rows(source, target)
    assert path.exists()
    with pytest.raises(DatabaseError, match="Not all rows"):
        await SqlRepository(target).open()


async def test_a_target_with_jobs_of_its_own_is_refused(source, postgres_url):
    async with opened(postgres_url) as repository:
        job = await submitted(repository)
    with pytest.raises(DatabaseError, match="rows of its own"):
        move_rows(source, postgres_url)
    assert [row[0] for row in rows_of(postgres_url, "limner_jobs")] == [job.id]


async def test_another_installations_target_is_refused(source, postgres_url):
    async with opened(postgres_url) as repository:
        await repository.installation()
    with pytest.raises(DatabaseError, match="another installation"):
        move_rows(source, postgres_url)


async def test_another_installations_older_target_is_refused_as_it_is(source, postgres_url):
    async with opened(postgres_url) as repository:
        await repository.installation()
    execute(postgres_url, "UPDATE limner_migrations SET version_num = '0003'")
    with pytest.raises(DatabaseError, match="another installation"):
        move_rows(source, postgres_url)
    assert execute(postgres_url, "SELECT version_num FROM limner_migrations") == [("0003",)]


async def test_another_installations_unfinished_move_is_refused(source, target, tmp_path):
    fill(source)
    killed_while_copying(source, target, "limner_jobs")
    async with opened(tmp_path / "other.db") as repository:
        await submitted(repository)
    with pytest.raises(DatabaseError, match="another installation"):
        move_rows(f"sqlite:///{tmp_path / 'other.db'}", target)


async def test_a_file_that_a_process_has_open_is_refused(source, target, path):
    async with opened(path) as repository:
        await repository.list_keys()
        with pytest.raises(DatabaseError, match="is in use"):
            move_rows(source, target)
    move_rows(source, target)


async def test_a_server_that_somebody_uses_is_refused(source, postgres_url):
    async with opened(postgres_url) as repository:
        await repository.list_keys()
        with pytest.raises(DatabaseError, match="Postgres database is in use"):
            move_rows(source, postgres_url)
    move_rows(source, postgres_url)


def test_nobody_starts_on_the_file_meanwhile(source, target, monkeypatch):
    monkeypatch.setattr("limner.repositories.sql.sqlite.BUSY_SECONDS", 0.1)
    refused = []

    def come(table, copied):
        with pytest.raises(DatabaseUnavailable, match="Another process holds"):
            asyncio.run(SqlRepository(source).open())
        refused.append(table)

    move_rows(source, target, told=come)
    assert refused


async def test_an_older_file_is_brought_to_this_version_first(source, target):
    execute(source, "UPDATE limner_migrations SET version_num = '0003'")
    with pytest.raises(DatabaseError, match="Run limner migrate first"):
        move_rows(source, target)


@pytest.mark.parametrize("place", ["sqlite:////nowhere/limner.db", "postgresql://nobody@127.0.0.1:1/x", "mysql://x/y"])
def test_a_source_that_is_no_file_of_rows_is_refused(place, target):
    with pytest.raises(DatabaseError):
        move_rows(place, target)


async def test_a_target_that_is_no_server_is_refused(source, tmp_path):
    with pytest.raises(DatabaseError, match="to Postgres"):
        move_rows(source, f"sqlite:///{tmp_path / 'other.db'}")


def test_only_events_count_by_themselves():
    """Another counter would have to go on behind the rows that came, too."""
    assert [table for table in tables.metadata.sorted_tables if table.autoincrement_column is not None] == [
        tables.events
    ]
