"""What many write instead: the same validated and authenticated route, which hands the prompt to Celery and forgets it."""

from __future__ import annotations

import os
from typing import Annotated

from celery import Celery
from fastapi import Depends, FastAPI
from validate_only import Body, who

tasks = Celery("tasks", broker=os.environ["BENCH_BROKER"])
app = FastAPI()


@tasks.task(name="paint", ignore_result=True)
def paint(prompt: str, user: str) -> None:
    """Nobody works here: only the handing over is measured."""


@app.post("/images", status_code=202)
def accept(body: Body, user: Annotated[str, Depends(who)]) -> dict[str, str]:
    return {"id": paint.delay(body.prompt, user).id}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "alive"}
