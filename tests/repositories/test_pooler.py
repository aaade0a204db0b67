"""A PgBouncer between us and Postgres, where it is installed: in session mode all goes on as without it."""

import asyncio
import os
import shutil
import time
from contextlib import closing, contextmanager

import psycopg
import pytest
from sqlalchemy import make_url

from limner.domain.errors import DatabaseError, DatabaseUnavailable
from limner.notifiers.postgres import ListenWatch
from limner.repositories.sql.postgres import PostgresDatabase
from limner.repositories.sql.repository import SqlRepository
from limner.repositories.sql.sessions import OURS
from tests.faults.installation import free_port
from tests.processes import running
from tests.repositories.making import opened, submitted
from tests.repositories.postgres_server import ANYBODY

PROGRAM = shutil.which("pgbouncer") or shutil.which("/usr/sbin/pgbouncer")
PATIENCE = 20.0
NAMES = ("statement_timeout", "idle_in_transaction_session_timeout", "synchronous_commit", "timezone")


@contextmanager
def pooled(url, folder, **settings):
    """The same database's URL, by way of PgBouncer."""
    if PROGRAM is None:
        pytest.skip("needs pgbouncer")
    parts, port = make_url(url), free_port()
    lines = {"listen_addr": "127.0.0.1", "listen_port": port, "unix_socket_dir": "", "auth_type": "any"} | settings
    written = folder / "pgbouncer.ini"
    written.write_text(
        f"[databases]\n* = host={parts.query['host']} user=postgres\n[pgbouncer]\n"
        + "\n".join(f"{name} = {value}" for name, value in lines.items())
    )
    with running([PROGRAM, "-q", *(["-u", ANYBODY] if os.geteuid() == 0 else []), written]):
        address = f"postgresql://postgres@127.0.0.1:{port}/{parts.database}"
        wait_until_it_answers(address)
        yield address


def wait_until_it_answers(address):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(address, connect_timeout=2).close()
        except psycopg.OperationalError:
            assert time.monotonic() < end, "PgBouncer does not start"
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def address(postgres_url, tmp_path):
    with pooled(postgres_url, tmp_path, pool_mode="session") as address:
        yield address


async def test_in_session_mode_a_session_is_set_as_without_a_pooler(address):
    with closing(PostgresDatabase(address).connect_for_listening()) as connection:
        shown = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in NAMES}
    assert shown == {name: OURS[name] for name in NAMES}


async def test_in_session_mode_jobs_are_kept_by_several_processes(address):
    async with opened(address) as one, opened(address) as other:
        jobs = [await submitted(repository, owner="ann") for repository in (one, other) for _ in range(10)]
        assert [await other.find_job(job.id) for job in jobs] == jobs


async def test_in_session_mode_what_others_say_is_heard_and_what_one_says_oneself_is_not(address, monkeypatch):
    monkeypatch.setattr("limner.notifiers.postgres.LOOK_EVERY", 60)
    here, there = [await listening(address) for _ in range(2)]
    here.watch.tell()
    async with asyncio.timeout(PATIENCE):
        while there.looks < 3:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    for one in (here, there):
        await one.watch.stop()
    assert (here.looks, there.looks) == (2, 3)


class Listening:
    looks = 0

    def moved(self):
        self.looks += 1


async def listening(address):
    """One that has looked twice by itself, when it started and when it had its connection, and does so no more."""
    one = Listening()
    one.watch = ListenWatch(PostgresDatabase(address).connect_for_listening)
    one.watch.start(asyncio.get_running_loop(), one.moved)
    async with asyncio.timeout(PATIENCE):
        while one.looks < 2:
            await asyncio.sleep(0.01)
    return one


@pytest.mark.parametrize("round_robin", [0, 1])
async def test_a_pooler_that_changes_sessions_is_refused(postgres_url, tmp_path, round_robin):
    with pooled(postgres_url, tmp_path, pool_mode="transaction", server_round_robin=round_robin) as address:
        repository = SqlRepository(address)
        for begin in (repository.open, repository.migrate):
            with pytest.raises(DatabaseError, match="set PgBouncer's pool_mode to session"):
                await begin()


async def test_a_pool_that_is_too_small_is_told_from_a_database_that_is_away(postgres_url, tmp_path):
    with (
        pooled(postgres_url, tmp_path, pool_mode="session", default_pool_size=1, query_wait_timeout=1) as address,
        closing(psycopg.connect(address, autocommit=True)) as other,
    ):
        other.execute("SELECT 1")
        with pytest.raises(DatabaseUnavailable, match="query_wait_timeout"):
            await SqlRepository(address).open()
