"""A paid engine for tests: what it was charged for stands in a ledger file, and it misbehaves on request."""

from __future__ import annotations

import asyncio
import base64
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal

from limner.contracts.engine import Engine, Painted, PaintTask, Progress, Stroke, Submitted, Submitting
from limner.domain.capabilities import Capabilities
from limner.domain.errors import Transient
from limner.domain.identity import digest_of
from limner.domain.request import ImageRequest
from limner.testing.instant import INPUTS, checkerboard, input_traits
from limner.testing.ledger_service import LedgerCall, LedgerService
from limner.testing.misdeeds import SCHEMA, Misdeed

PRICE = 0.04
_PREVIEW = base64.b64decode("UklGRh4AAABXRUJQVlA4TBEAAAAvB8ABAAdQ2sKXp/+BiOh/AAA=")


class LedgerEngine(Engine):
    """Buys checkerboards from a service that charges each call in the file `ledger`.

    `mode`: "sync" services answer with the picture, "asynchronous" ones with a handle to poll. `idempotent` services
    charge a request key once; each call costs `price` (None: nobody has said). `key` is the account's. `accept_seconds` pass before the charge, `paint_seconds` after it; polls and progress
    come every `poll_seconds`. `misbehave` (see `misdeeds.SCHEMA`) holds for all jobs, the JSON file `control` for as
    long as it exists, a request's option `misbehave` for that job.
    """

    def __init__(
        self,
        *,
        ledger: str,
        mode: Literal["sync", "asynchronous"] = "sync",
        idempotent: bool = False,
        accept_seconds: float = 0.0,
        paint_seconds: float = 0.0,
        poll_seconds: float = 0.05,
        pictures_per_call: int = 1,
        price: float | None = PRICE,
        key: str = "",
        control: str | None = None,
        misbehave: Mapping[str, Any] | None = None,
        concurrency: int = 16,
        silence_timeout: float = 60.0,
        paint_timeout: float = 300.0,
    ) -> None:
        self.capabilities = Capabilities(
            min_width=1,
            min_height=1,
            default_width=64,
            default_height=64,
            charges=True,
            previews=True,
            concurrency=concurrency,
            silence_timeout=silence_timeout,
            paint_timeout=paint_timeout,
            inputs=INPUTS,
            strength=(0.0, 1.0),
            options={"type": "object", "properties": {"misbehave": SCHEMA}, "additionalProperties": False},
            description="Buys checkerboards and writes down what they cost, for tests.",
            examples=("anything",),
        )
        self.credential = digest_of(key) if key else ""
        self._price = price
        self._service = LedgerService(Path(ledger), idempotent=idempotent)
        self._asynchronous = mode == "asynchronous"
        self._accept_seconds = accept_seconds
        self._paint_seconds = paint_seconds
        self._poll_seconds = poll_seconds
        self._pictures_per_call = pictures_per_call
        self._control = Path(control) if control else None
        self._always = misbehave
        self._tries: Counter[str] = Counter()  # those that are not held against a job stand in no row

    def estimate(self, request: ImageRequest, model: str) -> float | None:  # noqa: ARG002 - there is one price
        calls = -(-request.count // self._pictures_per_call)
        return None if self._price is None else calls * self._price

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        self._tries[task.job_id] = tries = max(task.attempt, self._tries[task.job_id] + 1)
        misdeed = Misdeed(task, tries=tries, control=self._control, always=self._always)
        await misdeed.at("start")
        async with aclosing(self._strokes(task, misdeed)) as strokes:
            async for stroke in strokes:
                yield stroke

    async def _strokes(self, task: PaintTask, misdeed: Misdeed) -> AsyncGenerator[Stroke, None]:
        paid_for: set[int] = set()
        for open_call in task.resume:
            paid_for.update(open_call.ordinals)
            call = await self._ask(open_call.handle["call"])
            async for stroke in self._collect(task, call, misdeed):
                yield stroke
        # Before the call, as with any service that is sent pictures: reading them may take a while, or fail.
        traits = 0 if paid_for.issuperset(task.ordinals) else await input_traits(task)
        for ordinals in self._batches([ordinal for ordinal in task.ordinals if ordinal not in paid_for]):
            key = f"{task.request_key}-{ordinals[0]}"
            yield Submitting(ordinals=ordinals, request_key=key, cost=self._price)
            await misdeed.at("submitting")
            await asyncio.sleep(self._accept_seconds)
            call = await asyncio.to_thread(
                self._service.take, task.job_id, ordinals, key, seconds=self._paint_seconds, traits=traits
            )
            await misdeed.at("accepted")
            if self._asynchronous:
                yield Submitted(ordinals=ordinals, handle={"call": call.id})
            async for stroke in self._collect(task, call, misdeed):
                yield stroke

    def _batches(self, ordinals: list[int]) -> Iterator[tuple[int, ...]]:
        """Consecutive ordinals, as many as a call may have."""
        batch: list[int] = []
        for ordinal in ordinals:
            if batch and (len(batch) == self._pictures_per_call or ordinal != batch[-1] + 1):
                yield tuple(batch)
                batch = []
            batch.append(ordinal)
        if batch:
            yield tuple(batch)

    async def _ask(self, call_id: str) -> LedgerCall:
        try:
            return await asyncio.to_thread(self._service.call, call_id)
        except KeyError:
            raise Transient("The service does not know this call.") from None

    async def _collect(self, task: PaintTask, call: LedgerCall, misdeed: Misdeed) -> AsyncGenerator[Stroke, None]:
        """Waits for a charged call and hands out those of its pictures that are missing."""
        await misdeed.at("polling")
        step = 0
        while (left := call.ready_at - time.time()) > 0:
            step += 1
            yield Progress(step=step, ordinal=call.ordinals[0], preview=_PREVIEW if task.wants_previews else None)
            await asyncio.sleep(min(self._poll_seconds, left))
        promised = call.ordinals[:-1] if misdeed.delivers_short else call.ordinals
        for ordinal in sorted(set(promised) & set(task.ordinals)):
            await misdeed.at("painted")
            yield Painted(ordinal=ordinal, image=self._picture(task, ordinal, call, misdeed))

    def _picture(self, task: PaintTask, ordinal: int, call: LedgerCall, misdeed: Misdeed) -> bytes:
        if misdeed.spoils_images:
            return b"\x89PNG\r\n\x1a\nnot a picture"
        request = task.request
        return checkerboard(request.width, request.height, request.seed_of(ordinal) ^ call.traits)
