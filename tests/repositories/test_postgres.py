"""What only a server can do to us: writers on other machines, lost connections, restarts, late commits."""

import asyncio
import random
import threading
import time
from collections import Counter
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url

from limner.contracts.repository import Requeue
from limner.domain.budget import NO_BUDGETS, Allowance, Budgets
from limner.domain.errors import DatabaseError, DatabaseUnavailable, LeaseLost, Transient
from limner.domain.job import JobError, JobState
from limner.domain.usage import EVERYBODY
from limner.repositories.sql import SqlRepository, migrating, sweeping, tables
from limner.repositories.sql.locks import lock_nothing
from limner.repositories.sql.postgres import ROUGH_BELIEVED, PostgresDatabase, ServerClock
from limner.repositories.sql.rows import to_milliseconds
from tests.repositories.making import (
    POLICY,
    claimed,
    execute,
    new_image,
    new_job,
    nobody_is_dead,
    opened,
    running,
    submitted,
    trouble,
    used,
)

SHARE = 2
BROKEN = JobError(code="engine_failed", title="The engine failed", detail="It broke.", retryable=True)
WRONG_LANES = """
SELECT owner, engine FROM limner_lanes FULL JOIN (
  SELECT owner, engine, count(*) FILTER (WHERE state = 'queued') AS waits,
    count(*) FILTER (WHERE state = 'queued' AND not_before IS NULL) AS ready, count(*) FILTER (WHERE state = 'running') AS runs
  FROM limner_jobs WHERE finished_at IS NULL GROUP BY owner, engine) AS truth USING (owner, engine)
WHERE coalesce(waiting, 0) <> coalesce(waits, 0) OR coalesce(queued, 0) <> coalesce(ready, 0)
  OR coalesce(running, 0) <> coalesce(runs, 0)
"""
GAPS = "SELECT job_id FROM limner_events GROUP BY job_id HAVING count(*) <> max(seq) OR min(seq) <> 1"
MOST_RUNNING = "SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM limner_jobs WHERE state = 'running' GROUP BY owner) AS r"


@pytest.fixture
def url(postgres_url):
    return postgres_url


@pytest.fixture
def empty_url(postgres):
    url = postgres.new_database(empty=True)
    yield url
    postgres.drop(url)


async def test_many_machines_keep_every_promise_at_once(url):
    """Submits, claims, pictures, failures, requeues, cancels, deletes and sweeps of six processes, side by side."""
    policy = replace(POLICY, running_per_owner=SHARE, max_lease_losses=99)
    chance, done = random.Random(4711), Counter()
    async with AsyncExitStack() as stack:
        machines = [await stack.enter_async_context(opened(url)) for _ in range(6)]
        watching = asyncio.create_task(never_above_the_share(url))
        await asyncio.gather(*(work(machine, f"w{n}", policy, chance, done) for n, machine in enumerate(machines)))
        watching.cancel()
        for machine in machines[:2]:
            await machine.sweep(policy=policy, is_dead=lambda worker: True)
    assert min(done[kind] for kind in ("submitted", "kept", "failed", "requeued", "cancelled")) > 10, done
    assert execute(url, WRONG_LANES) == []
    assert execute(url, GAPS) == []
    assert execute(url, "SELECT count(*) FROM limner_jobs")[0][0] == done["submitted"] - done["deleted"]


async def work(machine, name, policy, chance, done):
    for _ in range(60):
        owners = chance.choices(["ann", "ben", "cleo", "dan"], k=3)
        jobs = await asyncio.gather(*(submitted(machine, owner=owner) for owner in owners))
        done["submitted"] += len(jobs)
        claims = await claimed(machine, slots=3, worker=name, policy=policy)
        await asyncio.gather(*(end(machine, claim, chance.random(), done) for claim in claims))
        changed = await machine.cancel(chance.choice(jobs).id)
        done["cancelled"] += changed is not None
        if chance.random() < 0.1:
            await machine.sweep(policy=policy, is_dead=nobody_is_dead)
        if chance.random() < 0.1 and await machine.delete_job(chance.choice(jobs).id) is not None:
            done["deleted"] += 1


async def end(machine, claim, luck, done):
    try:
        if luck < 0.6:
            await machine.keep_image(claim.lease, new_image(claim), finish=True)
            done["kept"] += 1
        elif luck < 0.8:
            await machine.finish(claim.lease, JobState.FAILED, BROKEN, counters=Requeue())
            done["failed"] += 1
        else:
            await machine.requeue(claim.lease, Requeue())
            done["requeued"] += 1
    except LeaseLost:
        done["lost"] += 1


async def never_above_the_share(url):
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    async with connection:
        while True:
            (most,) = await (await connection.execute(MOST_RUNNING)).fetchone()
            assert most <= SHARE
            await asyncio.sleep(0)


async def test_an_owner_who_is_held_elsewhere_is_passed_over_and_not_forgotten(url):
    async with opened(url) as repository:
        ann = await submitted(repository, owner="ann")
        ben = await submitted(repository, owner="ben")
        with held(url, "ann"):
            assert [claim.job.id for claim in await claimed(repository)] == [ben.id]
        assert [claim.job.id for claim in await claimed(repository)] == [ann.id]


async def test_whoever_fell_behind_is_waited_for(url):
    async with opened(url) as repository:
        ann = await submitted(repository, owner="ann")
        await submitted(repository, owner="ben")
        execute(url, "UPDATE limner_lanes SET last_served = last_served - 2000000 WHERE owner = 'ann'")
        with held(url, "ann"):
            claiming = asyncio.create_task(claimed(repository))
            await asyncio.sleep(0.2)
            assert not claiming.done()
        assert [claim.job.id for claim in await claiming] == [ann.id]


async def test_a_lease_begins_when_its_job_is_taken_however_long_that_waited(url):
    async with opened(url) as repository:
        job = await submitted(repository)
        with held(url, "ann"):
            claiming = asyncio.create_task(claimed(repository))
            await asyncio.sleep(1)
        taken = repository.now()
        await claiming
        (until,) = execute(url, "SELECT lease_until FROM limner_jobs")[0]
        assert until >= to_milliseconds(taken + timedelta(seconds=POLICY.lease))
        assert (await repository.events_after(job.id, 1))[0].at >= taken


async def test_who_was_left_is_tried_again_whatever_was_found_for_other_engines(url):
    async with opened(url) as repository:
        for owner, engine in (("ann", "first"), ("ben", "second"), ("cleo", "third")):
            await submitted(repository, owner=owner, route=(engine,))
        with held(url, "ben"):
            free = {"first": 1, "second": 1, "third": 2}
            claiming = asyncio.create_task(repository.claim("w1", free, policy=POLICY))
            while not (claiming.done() or waits(url)):
                await asyncio.sleep(0.01)
        claims, _ = await claiming
        assert {claim.job.owner for claim in claims} == {"ann", "ben", "cleo"}


def waits(url):
    """Whether anybody does, for an owner."""
    return execute(url, "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted") != []


async def test_a_lease_that_is_renewed_at_this_very_moment_is_not_lost(url):
    async with opened(url) as repository:
        renewed, let_go = await running(repository, owner="ann"), await running(repository, owner="ben")
        execute(url, "UPDATE limner_jobs SET lease_until = 1")
        with closing(psycopg.connect(url)) as worker:
            worker.execute("UPDATE limner_jobs SET lease_until = 9e12 WHERE id = %s", [renewed.job.id])
            report = await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
            worker.commit()
        assert {change.job_id for change in report.changes} == {let_go.job.id}
        assert (await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)).changes == ()


async def test_who_renews_beside_a_sweep_hears_that_the_lease_is_lost(url, monkeypatch):
    """Between its look and its verdict."""
    async with opened(url) as worker, opened(url) as sweeper:
        claim = await running(worker)
        execute(url, "UPDATE limner_jobs SET lease_until = 1")
        renewals = []

        def look(connection, job_ids):
            renewals.append(asyncio.run_coroutine_threadsafe(renew(worker, claim), loop))
            time.sleep(0.3)
            assert not renewals[0].done()
            return open_calls(connection, job_ids)

        loop, open_calls = asyncio.get_running_loop(), sweeping.open_calls
        monkeypatch.setattr(sweeping, "open_calls", look)
        report = await sweeper.sweep(policy=POLICY, is_dead=nobody_is_dead)
        assert report.counts["lease_lost"] == 1
        assert (await asyncio.wrap_future(renewals[0])).lost == {claim.lease}


async def renew(worker, claim):
    return await asyncio.to_thread(worker.renew, [claim.lease], seconds=30)


PURSE = Budgets(per_engine={"painter": Allowance(day=100.0)})


@pytest.mark.parametrize("budgets", [NO_BUDGETS, PURSE])
async def test_an_engine_that_was_in_trouble_gets_one_probe_of_all_machines(url, budgets):
    policy = replace(POLICY, breaker_failures=1, breaker_pause=0.05)
    async with opened(url, budgets=budgets) as one, opened(url, budgets=budgets) as other:
        for owner in ("ann", "ben"):
            await submitted(one, owner=owner)
        await trouble(one, "painter", Transient("down"), policy=policy)
        await asyncio.sleep(0.1)
        with closing(psycopg.connect(url)) as prober:
            prober.execute("SELECT pg_advisory_xact_lock(1818848625, hashtext('painter'))")
            assert await claimed(other, slots=2, policy=policy) == ()
        with closing(psycopg.connect(url)) as spender:  # from the engine's purse, which is not a probe's business
            spender.execute("SELECT pg_advisory_xact_lock(1818848624, hashtext('painter'))")
            assert await asyncio.wait_for(submitted(one, owner="cleo", route=("other",)), 15)
            (probe,) = await claimed(other, slots=2, policy=policy)
            assert probe.probe


async def test_nobody_waits_for_what_another_owner_adds_to_the_ledger(url):
    async with opened(url) as repository:
        anns, bens = [await running(repository, owner=owner) for owner in ("ann", "ben")]
        await repository.keep_image(anns.lease, new_image(anns), finish=True)
        with closing(psycopg.connect(url)) as slow:
            slow.execute("UPDATE limner_usage SET calls = calls")
            await asyncio.wait_for(repository.keep_image(bens.lease, new_image(bens), finish=True), 15)
        assert (await used(repository, EVERYBODY))[0] == 2


async def test_what_takes_too_long_is_undone(url, monkeypatch):
    """A position that came so late would not be looked for."""
    async with opened(url) as repository:
        monkeypatch.setattr("limner.repositories.sql.postgres.LONGEST", 0.0)
        with pytest.raises(DatabaseUnavailable, match="too slow"):
            await submitted(repository)
        monkeypatch.undo()
        assert execute(url, "SELECT id FROM limner_jobs") == []
        await submitted(repository)


async def test_an_event_is_dated_when_it_is_written_however_long_its_job_waited(url):
    async with opened(url) as repository:
        job = new_job(repository.now() - timedelta(minutes=5))
        await repository.submit(job, idempotency=None, policy=POLICY)
        (event,) = await repository.events_after(job.id, 0)
        assert event.at - job.created_at > timedelta(minutes=4)


async def test_the_operators_options_join_ours(url):
    given = make_url(url).update_query_dict(
        {"options": "-c default_transaction_isolation=serializable -c statement_timeout=7s"}
    )
    async with opened(given.render_as_string(hide_password=False)) as repository:
        shown = await repository._write(settings_of, locks=lock_nothing)
    assert shown == ("read committed", "7s", "5s")


def settings_of(connection):
    names = ("transaction_isolation", "statement_timeout", "idle_in_transaction_session_timeout")
    with closing(connection.connection.cursor()) as cursor:
        return tuple(cursor.execute(f"SHOW {name}").fetchone()[0] for name in names)


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (psycopg.OperationalError("the connection is lost"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.IdleInTransactionSessionTimeout(), True),
        (psycopg.errors.TransactionTimeout(), True),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.TooManyConnections(), False),
    ],
)
def test_errors_are_told_apart_by_what_the_server_says(error, lost):
    database = PostgresDatabase("postgresql://db/limner")
    assert database.has_lost_connection(error) is lost
    assert isinstance(database.translate(error), DatabaseUnavailable)


def test_a_bug_is_not_taken_for_an_outage():
    assert PostgresDatabase("postgresql://db/limner").translate(psycopg.errors.SyntaxError()) is None


async def test_upkeep_that_others_hold_up_is_left_for_later_and_is_no_outage(url):
    async with opened(url) as repository:
        await submitted(repository, not_before=repository.now())
        with held(url, "ann"):
            report = await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
            assert report.changes == ()
            await asyncio.wait_for(submitted(repository, owner="ben"), 15)
        assert repository._trust.look(POLICY.lease)
        assert (await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)).engines == {"painter"}


async def test_lanes_are_counted_while_nobody_writes(url):
    """`limner migrate` beside a fleet: a job that comes between two looks would be without a lane."""
    async with opened(url) as repository:
        with held(url, "ann"):
            counting = asyncio.create_task(repository.migrate())
            while not (counting.done() or waits(url)):
                await asyncio.sleep(0.01)
            assert not counting.done()
        await counting


async def test_a_migration_takes_the_time_that_it_needs(empty_url):
    short = make_url(empty_url).update_query_dict({"options": "-c statement_timeout=300ms"})
    with closing(psycopg.connect(empty_url, autocommit=True)) as other:
        other.execute("SELECT pg_advisory_lock(1818848622, 1)")
        migrating_ = asyncio.create_task(SqlRepository(short.render_as_string(hide_password=False)).migrate())
        await asyncio.sleep(1)
        assert not migrating_.done()
    assert await migrating_ == (None, migrating.HEAD)


@contextmanager
def held(url, owner):
    """By another machine's transaction."""
    with closing(psycopg.connect(url)) as connection:
        connection.execute("SELECT pg_advisory_xact_lock_shared(1818848622, 0)")
        connection.execute("SELECT pg_advisory_xact_lock(1818848623, hashtext(%s))", [owner])
        yield


async def test_what_commits_late_is_heard_of(url):
    """Its position was given before that of what was seen."""
    async with opened(url) as repository:
        first = await submitted(repository, owner="ann")
        _, position = await repository.changes_after(None)
        with closing(psycopg.connect(url)) as late:
            late.execute(
                "INSERT INTO limner_events (job_id, owner, seq, at, changes) SELECT job_id, owner, 2, "
                "extract(epoch FROM clock_timestamp()) * 1000, changes FROM limner_events WHERE job_id = %s",
                [first.id],
            )
            second = await submitted(repository, owner="ben")
            changes, position = await repository.changes_after(position)
            assert [(change.job_id, change.seq) for change in changes] == [(second.id, 1)]
            late.commit()
        changes, position = await repository.changes_after(position)
        assert [(change.job_id, change.seq) for change in changes] == [(first.id, 2)]
        assert await repository.changes_after(position) == ((), position)


async def test_connections_that_the_server_ended_are_made_again(url):
    async with opened(url) as repository:
        job = await submitted(repository)
        for _ in range(3):
            execute(url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'limner'")
            assert (await repository.find_job(job.id)).id == job.id
            await submitted(repository)


async def test_a_server_that_is_down_is_a_pause_with_a_clear_error(mortal_postgres):
    url = mortal_postgres.new_database()
    async with opened(url) as repository:
        job = await submitted(repository)
        mortal_postgres.stop()
        for asked in (submitted(repository), repository.find_job(job.id), repository.ping()):
            with pytest.raises(DatabaseUnavailable, match="does not answer"):
                await asked
        mortal_postgres.start()
        assert (await repository.find_job(job.id)).id == job.id
        await submitted(repository)
        await repository.ping()


async def test_after_an_outage_no_lease_is_believed_lost_for_one_lease(mortal_postgres, clock):
    url = mortal_postgres.new_database()
    async with opened(url, clock) as repository:
        await running(repository)
        mortal_postgres.stop()
        with pytest.raises(DatabaseUnavailable):
            await submitted(repository)
        mortal_postgres.start()
        clock.pass_(POLICY.lease + 1)
        assert (await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)).changes == ()


@pytest.mark.parametrize("long", [False, True])
async def test_nor_by_a_process_that_only_read_in_the_outage(mortal_postgres, clock, long):
    url = mortal_postgres.new_database()
    async with opened(url, clock) as repository:
        await running(repository)
        mortal_postgres.stop()
        with pytest.raises(DatabaseUnavailable):
            await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
        mortal_postgres.start()
        clock.pass_(POLICY.lease + 1)
        if long:
            repository._trust._unsure_since -= POLICY.lease + 1  # so long ago was the last try
        assert (await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)).changes == ()


def collide(connection, items):
    raise psycopg.errors.DeadlockDetected


def answer_too_little(connection, items):
    return []


def lag(connection, items):
    time.sleep(0.2)
    return items


def lose_connection(connection, items):
    connection.connection.driver_connection.close()
    return items


@pytest.mark.parametrize(
    ("work", "away"), [(collide, False), (answer_too_little, False), (lag, False), (lose_connection, True)]
)
async def test_what_goes_wrong_with_one_change_is_no_outage(url, monkeypatch, caplog, work, away):
    monkeypatch.setattr("limner.repositories.sql.postgres.LONGEST", 0.1)
    async with opened(url) as repository:
        with pytest.raises((DatabaseUnavailable, ValueError)):
            await repository._writer.write_item(work, "an item")
        assert repository._trust.look(POLICY.lease) is not away
    assert ("the database cannot be written" in caplog.text, "a change was not written" in caplog.text) == (
        away,
        not away,
    )


async def test_a_process_frozen_amid_a_transaction_is_ended_by_the_server(url):
    short = make_url(url).update_query_dict({"options": "-c idle_in_transaction_session_timeout=1s"})
    short = short.render_as_string(hide_password=False)
    frozen, thaws = threading.Event(), threading.Event()
    async with opened(short) as one, opened(url) as other:
        stuck = asyncio.create_task(one._writer.write(lambda connection: freeze(connection, frozen, thaws)))
        await asyncio.to_thread(frozen.wait)
        await asyncio.wait_for(submitted(other), 10)
        thaws.set()
        with pytest.raises(DatabaseUnavailable):
            await stuck
        await submitted(one)


def freeze(connection, frozen, thaws):
    connection.connection.cursor().execute("SELECT pg_advisory_xact_lock(1818848622, 0)")
    frozen.set()
    thaws.wait(30)
    connection.connection.cursor().execute("SELECT 1")


async def test_rows_are_dated_by_the_server(url, monkeypatch):
    monkeypatch.setattr("limner.repositories.sql.postgres.ServerClock.is_old", False)
    async with opened(url) as repository:
        there = execute(url, "SELECT clock_timestamp()")[0][0]
        assert abs((repository.now() - there).total_seconds()) < 5
        _, here = repository._clock._known
        repository._clock._known = (there.replace(year=2020), here)
        assert (await repository.find_job((await submitted(repository)).id)).created_at.year == 2020


async def test_a_process_that_only_reads_asks_for_the_time_again(url):
    async with opened(url) as repository:
        there, here = repository._clock._known
        repository._clock._known, repository._clock._old_at = (there - timedelta(hours=2), here - 3600), 0.0
        await repository.sweep(policy=POLICY, is_dead=nobody_is_dead)
        assert abs((repository.now() - execute(url, "SELECT clock_timestamp()")[0][0]).total_seconds()) < 5


class Answering:
    """A connection to a server whose clock is `ahead` of the machine's. A question takes `there` seconds to come there, its
    answer takes `back`.
    """

    def __init__(self, monkeypatch):
        self.connection, self.cursor = self, lambda: self
        self.passed = self.ahead = self.there = self.back = 0.0
        monkeypatch.setattr("limner.repositories.sql.postgres.seconds", lambda: self.passed)

    def execute(self, statement):
        self.passed += self.there
        self.answer = self.time
        self.passed += self.back

    def fetchall(self):
        return [(self.answer,)]

    def close(self): ...

    @property
    def time(self):
        return datetime.fromtimestamp(self.passed + self.ahead, UTC)

    def error(self, clock):
        """Seconds by which a clock is fast."""
        return (clock.now() - self.time).total_seconds()


@pytest.mark.parametrize(("there", "back"), [(16.0, 0.0), (0.0, 16.0), (8.0, 8.0)])
@pytest.mark.parametrize("drift", [-0.003, 0.0, 0.003])
def test_an_answer_that_was_held_up_does_not_spoil_the_clock(monkeypatch, there, back, drift):
    """Leases would be dated wrong by half of what it was held up for, and a sweep would take jobs from live workers."""
    server, clock = Answering(monkeypatch), ServerClock()
    clock.set(server)
    server.passed, server.ahead, server.there, server.back = 61.0, drift, there, back
    clock.keep(server)
    assert abs(server.error(clock)) <= abs(drift)


def test_the_clock_of_a_slow_server_is_asked_for_every_few_seconds_not_at_each_statement(monkeypatch):
    server, clock = Answering(monkeypatch), ServerClock()
    server.back = 2.0
    clock.set(server)
    assert not clock.is_old
    server.passed += ROUGH_BELIEVED + 1
    assert clock.is_old


def test_an_answer_that_was_held_up_mends_a_clock_that_cannot_be_right(monkeypatch):
    """This machine stood still for a while, say."""
    server, clock = Answering(monkeypatch), ServerClock()
    clock.set(server)
    server.ahead, server.there, server.back = 30.0, 1.0, 1.0
    clock.set(server)
    assert server.error(clock) == -1


def test_a_held_up_answer_is_better_than_none(monkeypatch):
    server, clock = Answering(monkeypatch), ServerClock()
    server.back = 16.0
    clock.set(server)
    assert server.error(clock) == -8


async def test_ten_that_migrate_at_once_make_the_tables_once(empty_url):
    reached = await asyncio.gather(*(SqlRepository(empty_url).migrate() for _ in range(10)))
    assert sorted(reached, key=str) == [(migrating.HEAD, migrating.HEAD)] * 9 + [(None, migrating.HEAD)]
    async with opened(empty_url) as repository:
        await submitted(repository)


async def test_nothing_is_made_unasked(empty_url):
    with pytest.raises(DatabaseError, match="Run limner migrate"):
        await SqlRepository(empty_url).open()
    assert execute(empty_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == []


@pytest.mark.parametrize(
    ("revision", "sentence"),
    [("0003", "older Limner .* run limner migrate"), ("9999", "newer Limner .* Upgrade Limner")],
)
async def test_another_versions_tables_are_refused(url, revision, sentence):
    execute(url, f"UPDATE limner_migrations SET version_num = '{revision}'")
    with pytest.raises(DatabaseError, match=sentence):
        await SqlRepository(url).open()


def test_migrations_lead_to_the_tables_that_statements_use(url):
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "limner_migrations"})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


async def test_a_wrong_password_or_host_is_told_without_the_password():
    for wrong in (
        "postgresql://nobody:hunter2@127.0.0.1:1/none",
        "postgresql://nobody:hunter2@no.such.host.invalid/none",
    ):
        with pytest.raises(DatabaseUnavailable) as refusal:
            await SqlRepository(wrong).open()
        assert "hunter2" not in str(refusal.value)
