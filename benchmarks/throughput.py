"""500 jobs of an instant engine with distinct pictures, from the first submit to the last finish."""

from __future__ import annotations

import asyncio
import json
import statistics
import time

from connections import Connection
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
    connections = [await Connection.open(server.url, server.headers) for _ in range(32)]
    numbers = iter(range(JOBS))
    start = time.perf_counter()

    async def submit(connection: Connection) -> None:
        for number in numbers:
            status, answer = await connection.ask("POST", "/images", {"prompt": f"picture {number}"})
            if status != 202:
                raise SystemExit(answer.decode())

    await asyncio.gather(*map(submit, connections))
    while not await done(connections[0]):
        await asyncio.sleep(0.02)
    taken = time.perf_counter() - start
    for connection in connections:
        connection.close()
    return JOBS / taken


async def done(connection: Connection) -> bool:
    for state in ("queued", "running"):
        _, answer = await connection.ask("GET", f"/jobs?state={state}&limit=1")
        if json.loads(answer)["items"]:
            return False
    return True


def rows() -> list[Row]:
    alone = statistics.median(asyncio.run(engine_alone()) for _ in range(RUNS))
    with limner(SETTINGS) as server:
        ours = statistics.median(asyncio.run(through_limner(server)) for _ in range(RUNS))
    return [Row("500 instant jobs, jobs/s", ours, alone, ours, floor=400, aim=1000)]
