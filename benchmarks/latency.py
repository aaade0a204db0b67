"""The end of a 50 ms job → the client knows, over SSE; beside it, what one fsync of this disk takes."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from clock_engine import microseconds
from processes import application
from report import Row
from streams import watch

JOBS = 60


def fsync_ms() -> float:
    taken = []
    with tempfile.NamedTemporaryFile(dir=Path.cwd()) as file:
        for _ in range(200):
            file.write(b"x" * 4096)
            file.flush()
            start = time.perf_counter()
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)


async def one(client: httpx.AsyncClient, url: str) -> float:
    """Milliseconds from the engine's last word to the final event here."""
    ended = {"engine": 0}
    final: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def on_event(_: int, name: str, data: dict[str, Any], received: int) -> None:
        if name == "progress":
            ended["engine"] = data["step"]
        elif data.get("state") == "succeeded" and not final.done():
            ended["engine"] = max(ended["engine"], *(int(note["detail"]) for note in data["notes"]), 0)
            final.set_result(received)

    job = (await client.post("/images", json={"prompt": "x"})).raise_for_status().json()
    watchers = await watch(url, [job["urls"]["events"]], on_event, microseconds)
    received = await asyncio.wait_for(final, 10)
    watchers[0].close()
    return (received - ended["engine"]) / 1000


async def measure(url: str) -> list[float]:
    async with httpx.AsyncClient(base_url=url) as client:
        return [await one(client, url) for _ in range(JOBS)]


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory() as home:
        environment = {"BENCH_HOME": home, "BENCH_SECONDS": "0.05", "BENCH_TICKS": "1"}
        with application("served:app", environment) as url:
            taken = asyncio.run(measure(url))
    return [
        Row(
            "end of a 50 ms job → SSE client, ms (fsync)",
            statistics.median(taken),
            fsync_ms(),
            statistics.median(taken),
            floor=8,
            aim=5,
            smaller=True,
        )
    ]
