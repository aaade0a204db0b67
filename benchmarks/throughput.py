"""500 jobs of an instant engine with distinct pictures, from the first submit to the last finish."""

from __future__ import annotations

import asyncio
import statistics
import time

import httpx
from processes import Server, limner
from report import Row

from limner.contracts.engine import PaintTask
from limner.domain.request import ImageRequest
from limner.testing import InstantEngine

JOBS = 500
RUNS = 5
SETTINGS = """
model = "instant"
[engines.instant]
kind = "instant"
[limits]
queued_per_owner = 100_000
running_per_owner = 100
"""


async def engine_alone() -> float:
    engine = InstantEngine()
    start = time.perf_counter()
    for seed in range(JOBS):
        request = ImageRequest(prompt="x", model="instant", width=64, height=64, count=1, seed=seed, format="png")
        async for _ in engine.paint(PaintTask(job_id="x", request=request, ordinals=(0,), attempt=1, request_key="x")):
            pass
    return JOBS / (time.perf_counter() - start)


async def through_limner(server: Server) -> float:
    async with httpx.AsyncClient(base_url=server.url, headers=server.headers, timeout=60) as client:
        start = time.perf_counter()
        gate = asyncio.Semaphore(32)

        async def submit(number: int) -> None:
            async with gate:
                (await client.post("/images", json={"prompt": f"picture {number}"})).raise_for_status()

        await asyncio.gather(*(submit(number) for number in range(JOBS)))
        while not await _done(client):
            await asyncio.sleep(0.02)
        return JOBS / (time.perf_counter() - start)


async def _done(client: httpx.AsyncClient) -> bool:
    for state in ("queued", "running"):
        if (await client.get("/jobs", params={"state": state, "limit": 1})).json()["items"]:
            return False
    return True


def rows() -> list[Row]:
    alone = statistics.median(asyncio.run(engine_alone()) for _ in range(RUNS))
    with limner(SETTINGS) as server:
        ours = statistics.median(asyncio.run(through_limner(server)) for _ in range(RUNS))
    return [Row("500 instant jobs, jobs/s", ours, alone, ours, floor=400, aim=1000)]
