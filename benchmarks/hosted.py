"""200 hosted jobs of two seconds each at once, on one process: throughput, memory a job, and what is accepted meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator

import psutil
from accept import BODY
from connections import Connection
from hosted_service import SECONDS
from load import press
from processes import HERE, Server, application, free_port, limner, process, wait_for
from report import Row
from throughput import done

from limner.testing.services import OpenAIService

AT_ONCE = 200
ROUNDS = 3
IDEAL = AT_ONCE / SECONDS


@contextlib.contextmanager
def hosted() -> Iterator[tuple[Server, psutil.Process]]:
    """Limner in one process, before a service in another."""
    port = free_port()
    settings = f"""
model = "openai/gpt-image-1"
[engines.openai]
key = "{OpenAIService.key}"
base_url = "http://127.0.0.1:{port}/v1"
models = ["gpt-image-1"]
partial_images = 0
concurrency = {AT_ONCE}
[limits]
queued_per_owner = 10_000_000
queued_total = 10_000_000
running_per_owner = {AT_ONCE}
"""
    with process([sys.executable, str(HERE / "hosted_service.py"), str(port)]):
        wait_for(f"http://127.0.0.1:{port}/v1/models")
        with limner(settings) as server:
            (found,) = (one for one in psutil.net_connections("tcp") if one.laddr.port == server.port and not one.raddr)
            yield server, psutil.Process(found.pid)


async def submit(server: Server, jobs: int) -> list[Connection]:
    connections = [await Connection.open(server.url, server.headers) for _ in range(16)]
    numbers = iter(range(jobs))

    async def ask(connection: Connection) -> None:
        for number in numbers:
            status, answer = await connection.ask("POST", "/images", {"prompt": f"picture {number}"})
            if status != 202:
                raise SystemExit(answer.decode())

    await asyncio.gather(*map(ask, connections))
    return connections


async def paint(server: Server, running: psutil.Process) -> tuple[float, float]:
    """Jobs a second, and the most memory that the process took more than before, in bytes a job at once."""
    before = most = running.memory_info().rss
    start = time.perf_counter()
    connections = await submit(server, AT_ONCE * ROUNDS)
    while not await done(connections[0]):
        most = max(most, running.memory_info().rss)
        await asyncio.sleep(0.05)
    taken = time.perf_counter() - start
    for connection in connections:
        connection.close()
    return AT_ONCE * ROUNDS / taken, (most - before) / AT_ONCE


async def keep_busy(server: Server) -> None:
    """More jobs than are painted while the press runs."""
    for connection in await submit(server, AT_ONCE * 10):
        connection.close()


def rows() -> list[Row]:
    with hosted() as (server, running):
        rate, memory = asyncio.run(paint(server, running))
        asyncio.run(keep_busy(server))
        own = press(f"{server.url}/images", method="POST", headers=server.headers, body=BODY)
    if own.failures:
        raise SystemExit(f"{own.failures} submissions were not answered 202")
    with application("validate_only:app") as url:
        base = press(f"{url}/images", method="POST", headers={"authorization": "Bearer a-key"}, body=BODY)
    return [
        Row(f"{AT_ONCE} hosted jobs of {SECONDS:g} s at once, jobs/s", rate, IDEAL, rate / IDEAL, floor=0.7, aim=0.9),
        Row("a hosted job, KiB of memory", memory / 1024, None, memory / 1024, floor=512, aim=256, smaller=True),
        Row("accept meanwhile, 202/s", own.rate, base.rate, own.rate / base.rate, floor=0.3, aim=0.5),
    ]
