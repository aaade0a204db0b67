"""How long an owner waits who comes when another has 10,000 jobs queued, on Postgres with two workers of two slots each.

Round robin gives each owner a turn in `owners × mean ÷ slots` seconds. The wait for a turn is what is judged: from when a job
is its owner's next (asked, or the one before it begun) until it begins. Of ten jobs asked at once the last waits for ten turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from processes import application
from report import Row
from servers import Postgres

from limner.domain.identity import new_id
from limner.domain.job import Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import ImageRequest
from limner.repositories.sql import SqlRepository

QUEUED = 10_000
TEN = 10
ROUNDS = 5
SECONDS = 0.2
"""One picture takes so long."""
WORKERS, SLOTS = 2, 2
OWNERS = 2
NO_LIMIT = Policy(queued_per_owner=QUEUED)


@dataclass(frozen=True)
class Times:
    """When a job was asked for, begun and ended, by the database's clock."""

    asked: datetime
    begun: datetime
    ended: datetime


def fairness_rows(server: Postgres) -> list[Row]:
    one_by_one, at_once = asyncio.run(_measure(server.create("fairness")))
    mean = statistics.fmean(
        (job.ended - job.begun).total_seconds() for job in [*one_by_one, *itertools.chain(*at_once)]
    )
    turn = OWNERS * mean / (WORKERS * SLOTS)
    asked_alone = _p95([(job.begun - job.asked).total_seconds() for job in one_by_one])
    asked_together = _p95([wait for jobs in at_once for wait in _waits_for_a_turn(jobs)])
    last = statistics.median((jobs[-1].begun - jobs[-1].asked).total_seconds() for jobs in at_once)
    return [
        _row("ten one by one behind 10,000: p95 wait, ms", asked_alone, turn),
        _row("ten at once behind 10,000: p95 wait a turn, ms", asked_together, turn),
        _row("ten at once behind 10,000: the last, ms", last, TEN * turn),
    ]


def _row(what: str, wait: float, turns: float) -> Row:
    return Row(what, wait * 1000, turns * 1000, wait / turns, floor=2.0, aim=1.2, smaller=True)


async def _measure(database: str) -> tuple[list[Times], list[list[Times]]]:
    await queue(database, QUEUED, ["ann"])
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        shared = {
            "BENCH_DATABASE": database,
            "BENCH_STORAGE": (Path(folder) / "images").as_uri(),
            "BENCH_SECONDS": str(SECONDS),
            "BENCH_CONCURRENCY": str(SLOTS),
        }
        for number in range(WORKERS):
            home = {"BENCH_HOME": f"{folder}/worker-{number}", "BENCH_WORK": "1"}
            stack.enter_context(application("served_fleet:app", shared | home))
        home = {"BENCH_HOME": f"{folder}/server", "BENCH_WORK": "0"}
        url = stack.enter_context(application("served_fleet:app", shared | home))
        async with httpx.AsyncClient(base_url=url, headers={"x-user": "ben"}, timeout=60) as client:
            await _painted(client)
            one_by_one = [await _painted(client) for _ in range(TEN * ROUNDS)]
            at_once = [await _painted_together(client) for _ in range(ROUNDS)]
    return one_by_one, at_once


async def queue(database: str, count: int, owners: Sequence[str]) -> None:
    """Jobs of the clock engine in a new database, the owners taking turns."""
    repository = SqlRepository(database)
    await repository.migrate()
    await repository.open()
    jobs = [_job(owners[number % len(owners)], repository.now()) for number in range(count)]
    await asyncio.gather(*(repository.submit(job, idempotency=None, policy=NO_LIMIT) for job in jobs))
    await repository.close()


def _job(owner: str, now: datetime) -> Job:
    request = ImageRequest(prompt="x", model="clock", width=64, height=64, count=1, seed=1, format="png")
    return Job(
        id=JobId(new_id()),
        owner=owner,
        state=JobState.QUEUED,
        request=request,
        requested={"prompt": request.prompt},
        route=("clock",),
        created_at=now,
        deadline_at=now + timedelta(days=1),
    )


async def _painted(client: httpx.AsyncClient) -> Times:
    return await _ended(client, await _asked(client))


async def _painted_together(client: httpx.AsyncClient) -> list[Times]:
    """In the order in which they began."""
    jobs = await asyncio.gather(*(_asked(client) for _ in range(TEN)))
    return sorted(await asyncio.gather(*(_ended(client, job) for job in jobs)), key=lambda job: job.begun)


async def _asked(client: httpx.AsyncClient) -> str:
    job = (await client.post("/images", json={"prompt": "x"})).raise_for_status().json()
    return str(job["urls"]["self"])


async def _ended(client: httpx.AsyncClient, job_url: str) -> Times:
    job: dict[str, Any] = (await client.get(job_url, headers={"prefer": "wait=50"})).raise_for_status().json()
    return Times(*(datetime.fromisoformat(job[name]) for name in ("created_at", "started_at", "finished_at")))


def _waits_for_a_turn(jobs: Sequence[Times]) -> list[float]:
    next_since = [jobs[0].asked, *(max(job.asked, before.begun) for before, job in itertools.pairwise(jobs))]
    return [(job.begun - since).total_seconds() for job, since in zip(jobs, next_since, strict=True)]


def _p95(waits: Sequence[float]) -> float:
    return statistics.quantiles(waits, n=20)[18]
