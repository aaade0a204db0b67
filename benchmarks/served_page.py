"""The page over two engines: one that paints at once, one that takes its time and says how far it is."""

from __future__ import annotations

import os

from clock_engine import ClockEngine
from fastapi import FastAPI

from limner import Limner
from limner.testing.instant import InstantEngine

limner = Limner(
    home=os.environ["BENCH_HOME"],
    engines={"instant": InstantEngine(), "slow": ClockEngine(seconds=20, ticks=100)},
    model="instant",
    authentication=False,
    limits={"queued_per_owner": 10_000, "running_per_owner": 2000},
)
app = FastAPI()
app.include_router(limner.router(page=True))
