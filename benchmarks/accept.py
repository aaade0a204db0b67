"""Durable 202s a second, against a route that only validates and authenticates; each beside a busy painter."""

from __future__ import annotations

import statistics

from load import Load, press
from processes import application, limner
from report import Row

BODY = {
    "prompt": "three red boats on a calm sea at sunset, watercolour",
    "reference": "order-17",
    "metadata": {"customer": "c_9"},
}
UNLIMITED = "[limits]\nqueued_per_owner = 10_000_000\nqueued_total = 10_000_000\n"
RUNS = 3


def baseline() -> Load:
    with application("validate_only:app", {"PAINT": "1"}) as url:
        return press(f"{url}/images", method="POST", headers={"authorization": "Bearer a-key"}, body=BODY)


def ours() -> Load:
    with limner(UNLIMITED) as server:
        return press(f"{server.url}/images", method="POST", headers=server.headers, body=BODY)


def median(loads: list[Load]) -> Load:
    return Load(
        statistics.median(load.rate for load in loads),
        statistics.median(load.p50 for load in loads),
        statistics.median(load.p99 for load in loads),
        sum(load.failures for load in loads),
    )


def rows() -> list[Row]:
    pairs = [(baseline(), ours()) for _ in range(RUNS)]
    base, own = median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])
    if own.failures:
        raise SystemExit(f"{own.failures} submissions were not answered 202")
    return [
        Row("accept, 202/s", own.rate, base.rate, own.rate / base.rate, floor=0.55, aim=0.8),
        Row("accept, p99 ms", own.p99, base.p99, own.p99, floor=50, aim=20, smaller=True),
    ]
