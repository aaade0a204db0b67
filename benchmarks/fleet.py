"""Many machines, here as processes: accept, claim, watch and wait on Postgres, beside what Celery alone does."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import LiteralString

import psycopg
from accept import BODY, UNLIMITED, baseline, median
from fairness import fairness_rows, queue
from latency import measure
from load import Load, press
from processes import HERE, application, limner
from report import Row
from repository import compare_on_postgres, fill_postgres
from servers import Postgres, postgres, redis

from limner.repositories.sql import SqlRepository

RUNS = 3
WORKERS = (1, 2, 4, 8)
CLAIMING = 3.0
QUEUED, OWNERS = 60_000, 1000
PAINTED = 3000
PATIENCE = 120.0


def rows() -> list[Row]:
    with postgres() as server:
        return [
            *accept_rows(server),
            *claim_rows(server),
            *backlog_rows(server),
            *painted_rows(server),
            *watch_rows(server),
            *fairness_rows(server),
        ]


def accept_rows(server: Postgres) -> list[Row]:
    with redis() as broker:
        runs = [(baseline(), *ours(server, number), celery(broker)) for number in range(RUNS)]
    base, own, delay = (median([run[place] for run in runs]) for place in (0, 1, 3))
    log = statistics.median(run[2] for run in runs)
    if own.failures or delay.failures:
        raise SystemExit(f"{own.failures} + {delay.failures} submissions were not answered 202")
    return [
        Row(
            "Postgres: accept, 202/s, of validating only", own.rate, base.rate, own.rate / base.rate, floor=0.2, aim=0.5
        ),
        Row(
            "Postgres: accept, 202/s, of celery.delay", own.rate, delay.rate, own.rate / delay.rate, floor=1.0, aim=2.0
        ),
        Row("Postgres: accept, p99 ms", own.p99, delay.p99, own.p99, floor=100, aim=50, smaller=True),
        Row("Postgres: write-ahead log a job accepted, kB", log, None, log, floor=5, aim=2.5, smaller=True),
    ]


def ours(server: Postgres, number: int) -> tuple[Load, float]:
    """With the kilobytes of write-ahead log that a job took, by the few that were painted meanwhile, too."""
    database = server.create(f"accept_{number}")
    asyncio.run(SqlRepository(database).migrate())
    settings = f'database = "{database}"\n{UNLIMITED}'
    with limner(settings) as place:
        before = _number(database, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        load = press(f"{place.url}/images", method="POST", headers=place.headers, body=BODY)
        written = _number(database, "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn") - before
    return load, written / _number(database, "SELECT count(*) FROM limner_jobs") / 1000


def _number(database: str, question: LiteralString) -> float:
    with psycopg.connect(database) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return float(row[0])


def celery(broker: str) -> Load:
    with application("celery_delay:app", {"BENCH_BROKER": broker}) as url:
        return press(f"{url}/images", method="POST", headers={"authorization": "Bearer a-key"}, body=BODY)


def claim_rows(server: Postgres) -> list[Row]:
    """Claims a second by so many processes at once; the first is what the others are measured by."""
    rates = {workers: claims_a_second(server, workers) for workers in WORKERS}
    return [
        Row(f"Postgres: claims/s by {workers} workers", rate, rates[1], rate / rates[1], floor=0.8, aim=1.2)
        for workers, rate in rates.items()
    ]


def claims_a_second(server: Postgres, workers: int) -> float:
    database = server.create(f"claims_{workers}")
    asyncio.run(SqlRepository(database).migrate())
    fill_postgres(database, jobs=QUEUED, owners=OWNERS)
    asyncio.run(SqlRepository(database).migrate())  # counts the lanes
    command = [sys.executable, str(HERE / "claims.py"), database, str(CLAIMING)]
    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(workers)
        ]
        for one in started:
            assert one.stdout is not None
            one.stdout.readline()
        for one in started:
            assert one.stdin is not None
            one.stdin.write("\n")
            one.stdin.flush()
        outputs = [one.communicate()[0] for one in started]
    return sum(map(int, outputs)) / CLAIMING


def backlog_rows(server: Postgres) -> list[Row]:
    ratios = compare_on_postgres(server.create, jobs=1_000_000, owners=10_000)
    floors = {"claim": (1.2, 1.1), "list": (1.2, 1.1), "submit": (1.6, 1.2)}
    return [
        Row(
            f"Postgres: {what} with 1,000,000 queued / none, ms",
            ratios[what].full,
            ratios[what].empty,
            ratios[what].ratio,
            floor=floor,
            aim=aim,
            smaller=True,
        )
        for what, (floor, aim) in floors.items()
    ]


def painted_rows(server: Postgres) -> list[Row]:
    """Whole jobs of an engine that takes no time: claimed, painted, kept, ended."""
    rates = {workers: painted_a_second(server, workers) for workers in (1, 2)}
    return [
        Row(f"Postgres: jobs/s by {workers} workers, no time to paint", rate, rates[1], rate / rates[1], 0.8, 1.0)
        for workers, rate in rates.items()
    ]


def painted_a_second(server: Postgres, workers: int) -> float:
    database = server.create(f"painted_{workers}")
    asyncio.run(queue(database, PAINTED, [f"user-{number}" for number in range(100)]))
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        for number in range(workers):
            environment = {
                "BENCH_DATABASE": database,
                "BENCH_STORAGE": (Path(folder) / "images").as_uri(),
                "BENCH_HOME": f"{folder}/{number}",
                "BENCH_WORK": "1",
                "BENCH_SECONDS": "0",
                "BENCH_CONCURRENCY": "16",
            }
            stack.enter_context(application("served_fleet:app", environment))
        end = time.monotonic() + PATIENCE
        while left := _number(database, "SELECT count(*) FROM limner_jobs WHERE state <> 'succeeded'"):
            if time.monotonic() > end:
                raise SystemExit(f"{left:.0f} of {PAINTED} jobs have not succeeded in {PATIENCE:.0f} s")
            time.sleep(0.2)
    taken = _number(database, "SELECT max(finished_at) - min(started_at) FROM limner_jobs")
    return PAINTED / taken * 1000


def watch_rows(server: Postgres) -> list[Row]:
    """The end of a job in one process, seen by a watcher of another."""
    database = server.create("watched")
    asyncio.run(SqlRepository(database).migrate())
    with tempfile.TemporaryDirectory() as folder:
        shared = {"BENCH_DATABASE": database, "BENCH_STORAGE": (Path(folder) / "images").as_uri()}
        worker = shared | {"BENCH_HOME": f"{folder}/worker", "BENCH_WORK": "1"}
        server_ = shared | {"BENCH_HOME": f"{folder}/server", "BENCH_WORK": "0"}
        with application("served_fleet:app", worker), application("served_fleet:app", server_) as url:
            taken = asyncio.run(measure(url))
    median_ms = statistics.median(taken)
    return [
        Row(
            "Postgres: end of a job → watcher elsewhere, ms",
            median_ms,
            None,
            median_ms,
            floor=100,
            aim=30,
            smaller=True,
        )
    ]
