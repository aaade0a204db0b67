"""The baseline of accepting: the same FastAPI route, which only validates and authenticates, beside the same busy painter."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from limner.contracts.engine import PaintTask
from limner.domain.request import ImageRequest
from limner.plugins import engine_from_settings

KEYS = {hashlib.sha256(b"a-key").hexdigest(): "bench"}


async def paint_for_ever() -> None:
    engine = engine_from_settings("painter", "painter", {})
    await engine.open()
    request = ImageRequest(
        prompt="three red boats on a calm sea at sunset",
        model="painter",
        width=768,
        height=768,
        count=1,
        seed=1,
        format="png",
    )
    try:
        while True:
            task = PaintTask(job_id="bench", request=request, ordinals=(0,), attempt=1, request_key="bench")
            async for _ in engine.paint(task):
                pass
    finally:
        await engine.close()


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    painting = asyncio.create_task(paint_for_ever()) if os.environ.get("PAINT") else None
    yield
    if painting:
        painting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await painting


app = FastAPI(lifespan=lifespan)


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompt: str = Field(min_length=1, max_length=4000)
    model: str | None = None
    negative_prompt: str | None = None
    width: int | None = Field(default=None, ge=64, le=2048)
    height: int | None = Field(default=None, ge=64, le=2048)
    count: int | None = Field(default=None, ge=1, le=8)
    seed: int | None = Field(default=None, ge=0, lt=2**32)
    steps: int | None = None
    guidance: float | None = None
    format: str | None = None
    options: dict[str, Any] = {}
    reference: str | None = None
    metadata: dict[str, Any] = {}


async def who(credentials: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> str:
    user = KEYS.get(hashlib.sha256(credentials.credentials.encode()).hexdigest())
    if user is None:
        raise HTTPException(401)
    return user


@app.post("/images", status_code=202)
async def accept(body: Body, user: Annotated[str, Depends(who)]) -> dict[str, str]:
    return {"user": user, "prompt": body.prompt}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "alive"}
