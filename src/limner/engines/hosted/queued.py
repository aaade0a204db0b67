"""Services that take a call, hand out a handle, and are asked how far they are until the picture is there."""

from __future__ import annotations

import abc
import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from limner.contracts.engine import Delivery, Painted, PaintTask, Progress, Stroke, Submitted
from limner.domain.capabilities import Capabilities
from limner.domain.errors import CallFailed, EngineError, NotSent, RateLimited, Transient
from limner.engines.hosted.engine import HostedEngine, call_for, unpaid
from limner.engines.hosted.price import Cost
from limner.engines.hosted.signatures import Signed, SigningKeys
from limner.engines.hosted.takes import with_takes

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
SLOWER = 1.3
LONGEST_WAIT = 60.0
DEAF_LOOKS = 5
"""Looks in a row that fail before the job goes back to the queue."""

Ordinals = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How far a call is: the `url` of its picture once it is there, `percent` where the service tells."""

    url: str | None = None
    percent: int = 0


class QueuedEngine(HostedEngine):
    """One picture a call. All calls are handed in first, so that their pictures are painted side by side."""

    longest_call: ClassVar[float] = 60.0
    home: ClassVar[str]
    """Where the service is."""
    general: ClassVar[Capabilities]
    """What all of its models can."""
    said: ClassVar[tuple[str, ...]]
    """What the adapter writes itself: an option would change what is paid for."""
    keys_at: ClassVar[str]
    """Where the keys are with which the service signs what it delivers to webhooks."""

    def __init__(
        self,
        *,
        models: Sequence[str],
        key: str = "",
        takes: Sequence[str] = ("seed",),
        base_url: str = "",
        cost: Cost | None = None,
        timeout: float = 600.0,
        concurrency: int = 50,
        webhook_keys: str = "",
    ) -> None:
        capabilities = with_takes(self.general, takes, models, said=self.said)
        super().__init__(
            capabilities,
            base_url=base_url or self.home,
            key=key,
            cost=cost,
            timeout=timeout,
            concurrency=concurrency,
        )
        self.takes = takes
        self._webhook_keys = webhook_keys or self.keys_at

    @abc.abstractmethod
    async def submit(self, task: PaintTask, ordinal: int) -> Any:
        """The handle of a call that the service took."""
        raise NotImplementedError

    @abc.abstractmethod
    async def look(self, handle: Any) -> Look:
        """Raises CallFailed, or another EngineError that is final, where no picture will come."""
        raise NotImplementedError

    @abc.abstractmethod
    def signed(self, delivery: Delivery) -> Signed | None:
        """None for what the service would not send."""
        raise NotImplementedError

    @abc.abstractmethod
    def keys_in(self, document: Any) -> tuple[bytes, ...]:
        """What stands at `keys_at`. Raises LookupError, TypeError or ValueError where it is something else."""
        raise NotImplementedError

    async def open(self) -> None:
        await super().open()
        self._signing_keys = SigningKeys(self._fetch_keys)

    async def verify(self, delivery: Delivery) -> bool:
        signed = self.signed(delivery)
        return signed is not None and signed.recent and await self._signing_keys.fit(signed)

    async def _fetch_keys(self) -> tuple[bytes, ...]:
        document = await self.client.look_up(self._webhook_keys)
        try:
            return self.keys_in(document)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise CallFailed(f"{self.service} answers with something else.") from None

    async def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        watch = _Watch({call.ordinals: call.handle for call in task.resume})
        for ordinals in unpaid(task):
            yield self.submitting(task, ordinals)
            with call_for(ordinals):
                watch.handles[ordinals] = await self.submit(task, ordinals[0])
            yield Submitted(ordinals=ordinals, handle=watch.handles[ordinals])
        while watch.handles:
            yield watch.progress()
            wait = task.webhook.wait if task.webhook and not watch.told_to_wait else asyncio.sleep
            await wait(watch.pause())
            for ordinals in tuple(watch.handles):
                if picture := await self._picture(ordinals, watch):
                    yield picture
        watch.conclude()

    async def _picture(self, ordinals: Ordinals, watch: _Watch) -> Painted | None:
        try:
            with call_for(ordinals):
                look = await self.look(watch.handles[ordinals])
                image = await self.client.fetch(look.url) if look.url else None
        except EngineError as error:
            watch.note_fault(ordinals, error)
            return None
        watch.note(ordinals, 100 if image is not None else look.percent)
        return None if image is None else Painted(ordinal=ordinals[0], image=image)


class _Watch:
    """The calls of one paint that are not over, and how patiently they are looked at.

    A call that fails for good leaves the others their pictures: what is paid for is kept.
    """

    def __init__(self, handles: dict[Ordinals, Any]) -> None:
        self.handles = handles
        self._percents: dict[Ordinals, int] = {}
        self._fault: EngineError | None = None
        self._spent: list[int] = []
        self._deaf = 0
        self._pause = FIRST_PAUSE
        self._wait = 0.0

    def progress(self) -> Progress:
        known = dict.fromkeys(self.handles, 0) | self._percents
        return Progress(step=sum(known.values()), steps=100 * len(known))

    @property
    def told_to_wait(self) -> bool:
        """The service has asked for a pause: no news makes it shorter."""
        return self._wait > 0

    def pause(self) -> float:
        """Seconds until the next look: longer each time, and at least as long as the service asks."""
        pause, self._pause = max(self._pause, self._wait), min(self._pause * SLOWER, LONGEST_PAUSE)
        self._wait = 0.0
        return pause

    def note(self, ordinals: Ordinals, percent: int) -> None:
        self._deaf = 0
        self._percents[ordinals] = max(percent, self._percents.get(ordinals, 0))
        if percent == 100:
            del self.handles[ordinals]

    def note_fault(self, ordinals: Ordinals, error: EngineError) -> None:
        """A look costs nothing, so one that fails in passing is followed by another. Raises where that goes on."""
        if isinstance(error, NotSent | RateLimited | Transient):
            self._deaf += 1
            self._wait = min(error.retry_after or 0.0, LONGEST_WAIT)
            if self._deaf >= DEAF_LOOKS:
                raise error
            return
        self._fault = self._fault or error
        if "ordinal" in error.facts:
            self._spent.append(error.facts["ordinal"])
        del self.handles[ordinals]

    def conclude(self) -> None:
        """Raises the first fault, with all calls that it and those after it brought to their end."""
        if self._fault:
            if self._spent:
                self._fault.facts = {**self._fault.facts, "spent": tuple(self._spent)}
            raise self._fault
