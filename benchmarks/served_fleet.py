"""One of several processes at one Postgres database: a server that does not paint, or a worker that does nothing else."""

from __future__ import annotations

import os
from typing import Annotated

from clock_engine import ClockEngine
from fastapi import FastAPI, Header

from limner import Limner


async def who(x_user: Annotated[str, Header()] = "bench") -> str:
    return x_user


engine = ClockEngine(
    seconds=float(os.environ.get("BENCH_SECONDS", "0.05")),
    ticks=1,
    notes=True,
    concurrency=int(os.environ.get("BENCH_CONCURRENCY", "1100")),
)
limner = Limner(
    home=os.environ["BENCH_HOME"],
    database=os.environ["BENCH_DATABASE"],
    storage=os.environ["BENCH_STORAGE"],
    engines={"clock": engine},
    model="clock",
    work=os.environ["BENCH_WORK"] == "1",
)
app = FastAPI()
app.include_router(limner.router(current_user=who, user_id=str))


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "alive"}
