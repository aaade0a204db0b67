"""A thousand watchers, of one job and of a thousand jobs: delay from the engine's word to each client, memory a watcher."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from typing import Any

import httpx
import psutil
import uvloop
from clock_engine import microseconds
from processes import application
from report import Row
from streams import watch

WATCHERS = 1000


def server_memory(url: str) -> int:
    port = int(url.rsplit(":", 1)[1])
    for process in psutil.process_iter(["cmdline"]):
        if str(port) in (process.info["cmdline"] or []):
            return int(process.memory_info().rss)
    raise LookupError(url)


async def submit(client: httpx.AsyncClient, jobs: int) -> list[str]:
    answers = [await client.post("/images", json={"prompt": f"{number}"}) for number in range(jobs)]
    return [answer.raise_for_status().json()["urls"]["events"] for answer in answers]


async def measure(url: str, jobs: int) -> tuple[float, float]:
    """p99 of the delay in ms, KiB a watcher."""
    delays: list[float] = []

    def on_event(_: int, name: str, data: dict[str, Any], received: int) -> None:
        if name == "progress" and data["step"]:
            delays.append((received - data["step"]) / 1000)

    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        paths = await submit(client, jobs)
        before = server_memory(url)
        watchers = await watch(url, (paths * WATCHERS)[:WATCHERS], on_event, microseconds)
        grown = server_memory(url) - before
        delays.clear()
        await asyncio.wait_for(asyncio.gather(*(watcher.closed for watcher in watchers)), 120)
    return statistics.quantiles(delays, n=100)[98], grown / WATCHERS / 1024


def run(jobs: int, seconds: int) -> tuple[float, float]:
    with tempfile.TemporaryDirectory() as home:
        environment = {"BENCH_HOME": home, "BENCH_SECONDS": str(seconds), "BENCH_TICKS": "20"}
        with application("served:app", environment) as url:
            return uvloop.run(measure(url, jobs))


def median(runs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(delay for delay, _ in runs), statistics.median(size for _, size in runs)


def rows() -> list[Row]:
    one = median([run(1, 10) for _ in range(3)])
    many = run(WATCHERS, 40)
    return [
        Row("1,000 watchers of one job, p99 ms", one[0], None, one[0], floor=60, aim=30, smaller=True),
        Row("1,000 watchers of one job, KiB each", one[1], None, one[1], floor=64, aim=20, smaller=True),
        Row("1,000 watchers of 1,000 jobs, p99 ms", many[0], None, many[0], floor=60, aim=30, smaller=True),
        Row("1,000 watchers of 1,000 jobs, KiB each", many[1], None, many[1], floor=64, aim=20, smaller=True),
    ]
