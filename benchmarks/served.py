"""A host application with Limner in it and the clock engine."""

from __future__ import annotations

import gc
import os
from typing import Annotated

from clock_engine import ClockEngine
from fastapi import FastAPI, Header

from limner import Limner


async def who(x_user: Annotated[str, Header()] = "bench") -> str:
    return x_user


limner = Limner(
    home=os.environ["BENCH_HOME"],
    engines={"clock": ClockEngine(seconds=float(os.environ["BENCH_SECONDS"]), ticks=int(os.environ["BENCH_TICKS"]))},
    model="clock",
    limits={"queued_per_owner": 10_000_000, "queued_total": 10_000_000, "running_per_owner": 2000},
)
app = FastAPI()
app.include_router(limner.router(current_user=who, user_id=str))


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "alive"}


# As `limner serve` does for itself, and as docs/existing-app.md advises.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 100)
