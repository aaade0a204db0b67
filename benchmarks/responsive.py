"""A cheap GET, idle and while the painter paints: one connection, a request every 5 ms."""

from __future__ import annotations

import http.client
import math
import statistics
import time
from collections.abc import Mapping

import httpx
from processes import Server, limner
from report import Row

RUNS = 3
SECONDS = 3.0


def p99(path: str, port: int, headers: Mapping[str, str]) -> float:
    """In ms."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    taken = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        start = time.perf_counter()
        connection.request("GET", path, headers=dict(headers))
        connection.getresponse().read()
        taken.append((time.perf_counter() - start) * 1000)
        time.sleep(0.005)
    return statistics.quantiles(taken, n=100)[98]


def ask(server: Server, count: int) -> str:
    body = {"prompt": "three red boats on a calm sea at sunset", "count": count}
    return str(httpx.post(f"{server.url}/images", headers=server.headers, json=body).raise_for_status().json()["id"])


def wait(server: Server, job: str) -> None:
    httpx.get(f"{server.url}/jobs/{job}", headers={**server.headers, "prefer": "wait=60"}, timeout=90)


def measure(server: Server) -> tuple[float, float]:
    first = ask(server, 1)
    wait(server, first)
    path = f"/jobs/{first}"
    p99(path, server.port, server.headers)
    idle = p99(path, server.port, server.headers)
    busy_job = ask(server, 8)
    time.sleep(0.3)
    busy = p99(path, server.port, server.headers)
    wait(server, busy_job)
    return idle, busy


def rows() -> list[Row]:
    with limner() as server:
        pairs = [measure(server) for _ in range(RUNS)]
    idle = statistics.median(pair[0] for pair in pairs)
    busy = statistics.median(pair[1] for pair in pairs)
    return [
        Row("GET /jobs/{id} while painting, p99 ms / idle", busy, idle, busy / idle, floor=3, aim=2, smaller=True),
        Row("GET /jobs/{id} while painting, p99 ms", busy, None, busy, floor=math.inf, aim=5, smaller=True),
    ]
