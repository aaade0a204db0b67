"""What a long queue costs: claim, list and accept with many queued jobs of many owners, against none.

Both databases are measured in one run, taking turns, so that whatever else the machine does strikes both.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psycopg

from limner.contracts.repository import Requeue
from limner.domain.identity import new_id
from limner.domain.job import Job, JobId, JobState
from limner.domain.policy import Policy
from limner.domain.request import ImageRequest
from limner.repositories.sql import SqlRepository

POLICY = Policy(queued_per_owner=10**9, queued_total=10**9, running_per_owner=10**9)
ROUNDS = 10
CLAIMS = 60
PAGES = 40
SUBMITTERS = 64
SUBMITS = 1500
OWN_JOBS = 100
"""Jobs of an owner whose list is read: the same in both databases."""

_IDS = "printf('018f%04x-%04x-7000-8000-%012x', i >> 16, i & 65535, i)"
_REQUEST = """'{"v":1,"prompt":"three red boats on a calm sea at sunset, watercolour","model":"painter","width":768,
"height":768,"count":1,"seed":418320975,"format":"png","negative_prompt":null,"steps":null,"guidance":null,
"options":{"style":"watercolour"}}'""".replace("\n", "")


@dataclass(frozen=True)
class Ratio:
    """Median milliseconds with the queue and without."""

    full: float
    empty: float

    @property
    def ratio(self) -> float:
        return self.full / self.empty


@dataclass
class Side:
    """One of the two databases, and what was measured on it."""

    repository: SqlRepository
    owners: int
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    claims: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    submits: list[float] = field(default_factory=list)

    def some_owner(self) -> str:
        return f"user-{self.chance.randrange(self.owners)}"

    def job(self) -> Job:
        now = self.repository.now()
        request = ImageRequest(
            prompt="three red boats on a calm sea at sunset, watercolour",
            model="painter",
            width=768,
            height=768,
            count=1,
            seed=418320975,
            format="png",
            options={"style": "watercolour"},
        )
        return Job(
            id=JobId(new_id()),
            owner=self.some_owner(),
            state=JobState.QUEUED,
            request=request,
            requested={"prompt": request.prompt, "options": {"style": "watercolour"}},
            route=("painter",),
            created_at=now,
            deadline_at=now + timedelta(days=1),
        )

    async def measure_claims(self) -> None:
        for _ in range(CLAIMS):
            await self.repository.submit(self.job(), idempotency=None, policy=POLICY)
            self.claims.append(await _timed(lambda: self.repository.claim("bench", {"painter": 1}, policy=POLICY)))

    async def measure_pages(self) -> None:
        for _ in range(PAGES):
            self.pages.append(
                await _timed(
                    lambda: self.repository.page_of_jobs("lister", state=None, reference=None, before=None, limit=50)
                )
            )

    async def measure_submits(self) -> None:
        jobs = iter([self.job() for _ in range(SUBMITS)])

        async def submitter() -> None:
            for job in jobs:
                await self.repository.submit(job, idempotency=None, policy=POLICY)

        gc.collect()
        began = time.perf_counter()
        await asyncio.gather(*(submitter() for _ in range(SUBMITTERS)))
        self.submits.append((time.perf_counter() - began) * 1000 / SUBMITS)


async def _timed(action: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await action()
    return (time.perf_counter() - began) * 1000


def fill(path: Path, *, jobs: int, owners: int) -> None:
    """Queued jobs of many owners, with indexes as full as submits in turn would have left them."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-500000")
    connection.execute("BEGIN IMMEDIATE")
    now = int(time.time() * 1000)
    numbers = f"WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < {jobs - 1})"
    connection.execute(
        f"INSERT INTO limner_jobs (id, owner, state, engine, priority, count, deadline_at, max_attempts, created_at,"
        f" route, metadata, requested, request) {numbers} SELECT {_IDS}, 'user-' || (i % {owners}), 'queued', 'painter',"
        f" 5, 1, {now + 86_400_000}, 5, {now}, '[\"painter\"]', '{{}}', '{{\"v\":1}}', {_REQUEST} FROM numbers"
    )
    connection.execute(
        "INSERT INTO limner_events (job_id, owner, seq, at, changes)"
        ' SELECT id, owner, 1, created_at, \'{"state":"queued"}\' FROM limner_jobs ORDER BY id'
    )
    connection.execute(
        "INSERT INTO limner_lanes (owner, engine, queued, urgent, waiting, running, claimable, last_served)"
        f" SELECT owner, engine, count(*), 0, count(*), 0, 1, {now * 1000} FROM limner_jobs GROUP BY owner, engine"
    )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def fill_postgres(url: str, *, jobs: int, owners: int) -> None:
    """The same rows; `limner migrate` counts the lanes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"""INSERT INTO limner_jobs (id, owner, state, engine, priority, count, deadline_at, max_attempts, created_at,
            route, metadata, requested, request)
            SELECT '018f0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'), 'user-' || i % {owners}, 'queued', 'painter', 5, 1,
            9000000000000, 5, 1700000000000, '["painter"]', '{{}}', '{{"v":1}}', {_REQUEST}
            FROM generate_series(1, {jobs}) AS i"""
        )
        connection.execute("VACUUM ANALYZE")


async def _prepared(url: str, *, jobs: int, owners: int) -> Side:
    repository = SqlRepository(url)
    await repository.migrate()
    if jobs:
        began = time.perf_counter()
        if url.startswith("sqlite:"):
            fill(Path(url.removeprefix("sqlite:///")), jobs=jobs, owners=owners)
        else:
            fill_postgres(url, jobs=jobs, owners=owners)
        print(f"filled with {jobs:,} jobs of {owners:,} owners in {time.perf_counter() - began:.0f} s", flush=True)
        began = time.perf_counter()
        await repository.migrate()
        print(f"lanes counted again in {time.perf_counter() - began:.2f} s", flush=True)
    await repository.open()
    side = Side(repository, owners)
    lister = [replace(side.job(), owner="lister") for _ in range(OWN_JOBS)]
    await asyncio.gather(*(repository.submit(job, idempotency=None, policy=POLICY) for job in lister))
    for claim in (await repository.claim("warm", {"painter": 20}, policy=POLICY))[0]:
        await repository.finish(claim.lease, JobState.FAILED, None, counters=Requeue())
    return side


async def _measure(full_url: str, empty_url: str, *, jobs: int, owners: int) -> tuple[Side, Side]:
    full = await _prepared(full_url, jobs=jobs, owners=owners)
    empty = await _prepared(empty_url, jobs=0, owners=owners)
    for _ in range(ROUNDS):
        for side in (full, empty):
            await side.measure_claims()
            await side.measure_pages()
        for side in (full, empty):
            await side.measure_submits()
            if side is empty:
                await _drain(side)
    for side in (full, empty):
        await side.repository.close()
    return full, empty


async def _drain(side: Side) -> None:
    """The empty side is empty again before the next round."""
    while True:
        claims, _ = await side.repository.claim("drain", {"painter": 200}, policy=POLICY)
        if not claims:
            return


def compare(*, jobs: int, owners: int) -> dict[str, Ratio]:
    """Median milliseconds of one claim, one first page, one accepted job among 64 submitters."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        urls = [f"sqlite:///{Path(folder).absolute()}/{name}.db" for name in ("full", "empty")]
        return _ratios(*asyncio.run(_measure(*urls, jobs=jobs, owners=owners)))


def compare_on_postgres(create: Callable[[str], str], *, jobs: int, owners: int) -> dict[str, Ratio]:
    """The same in two databases that `create` makes."""
    return _ratios(*asyncio.run(_measure(create("full_"), create("empty_"), jobs=jobs, owners=owners)))


def _ratios(full: Side, empty: Side) -> dict[str, Ratio]:
    measured = {"claim": "claims", "list": "pages", "submit": "submits"}
    return {
        what: Ratio(statistics.median(getattr(full, name)), statistics.median(getattr(empty, name)))
        for what, name in measured.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--owners", type=int, default=10_000)
    given = parser.parse_args()
    for what, ratio in compare(jobs=given.jobs, owners=given.owners).items():
        print(f"{what:<8}{ratio.full:>9.3f} ms   empty {ratio.empty:>8.3f} ms   ratio {ratio.ratio:.2f}")
        if what == "submit":
            print(f"        {1000 / ratio.full:>9,.0f} rows/s empty {1000 / ratio.empty:>8,.0f} rows/s")


if __name__ == "__main__":
    main()
