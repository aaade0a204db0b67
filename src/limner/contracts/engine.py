"""An engine paints: one async generator, which knows nothing of rows, queues, retries or storage."""

from __future__ import annotations

import abc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from limner.domain.capabilities import Capabilities
from limner.domain.image import MEDIA_TYPES
from limner.domain.job import Note
from limner.domain.request import ImageRequest

PLUGIN_API = 1
"""The major version of this contract; plugins of another one are refused by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the paint is: `step` of `steps` (None: unknown), lossy, latest wins.

    `preview` is a picture of `ordinal` in the making: WebP or JPEG of ≤ 256 px and ≤ 24 KiB goes to watchers as it is, any
    other PNG, JPEG or WebP is made small first.
    """

    step: int
    steps: int | None = None
    ordinal: int | None = None
    preview: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting:
    """Right before a call that may cost money: committed before the engine goes on.

    `ordinals` are consecutive. `request_key` goes to services that take an idempotency key. `cost` is in the operator's
    currency.
    """

    ordinals: tuple[int, ...]
    request_key: str
    cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """The service took the call. `handle` is JSON ≤ 8 KiB, without secrets, by which the work is found again;
    committed before the engine polls for the first time.
    """

    ordinals: tuple[int, ...]
    handle: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """One finished picture: PNG, JPEG or WebP bytes, kept before the engine goes on.

    `seed` is the seed really used where the engine chose another one.
    """

    ordinal: int
    image: bytes
    seed: int | None = None
    notes: tuple[Note, ...] = ()


Stroke = Progress | Submitting | Submitted | Painted
"""What a paint yields. All but Progress are rendezvous: the engine goes on only after the commit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInput:
    """One picture that a paint starts from; `await task.read_input(name)` gives its bytes, in `format`.

    `name` is the role, with -2, -3, … for further ones of the same. Sizes are pixels.
    """

    name: str
    role: str
    format: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]


async def _no_input(name: str) -> bytes:
    raise KeyError(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCall:
    """A call that an earlier try left with a handle: ask the service for its pictures instead of paying again."""

    ordinals: tuple[int, ...]
    request_key: str
    handle: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An address at which a service may say that there is news of a task's calls: a hint to look now, and no more.

    `wait(seconds)` returns after so many seconds, or as soon as a delivery has come that the engine verified, but not at once:
    however many come, looks stay half a second apart.
    """

    url: str
    wait: Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What came to a webhook, from whomever: headers by their names in lower case, and the body as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PaintTask:
    """One paint. New facts become fields here, never arguments.

    `model` is the part of the request's model after the engine's name ("" where there is none).
    `ordinals` are the pictures still missing; picture i uses `request.seed_of(i)`.
    `request_key` is the stem of idempotency keys, one a try.
    `inputs` are in the order of the request; `read_input` raises KeyError for other names, and EngineErrors that the engine
    lets through. An engine that resumes need not read them.
    `webhook` is None where no service can reach us, and in child processes.
    """

    job_id: str
    request: ImageRequest
    ordinals: tuple[int, ...]
    attempt: int
    request_key: str
    model: str = ""
    inputs: tuple[TaskInput, ...] = ()
    resume: tuple[OpenCall, ...] = ()
    deadline: datetime | None = None
    wants_previews: bool = True
    alone: bool = False
    read_input: Callable[[str], Awaitable[bytes]] = field(default=_no_input, compare=False)
    webhook: Webhook | None = field(default=None, compare=False)


class Engine(abc.ABC):
    """Something that paints. Subclasses set `capabilities` and write `paint`; the rest is optional.

    The constructor takes the engine's settings as keyword arguments, checks them and does no I/O.
    Raise `limner.domain.errors.EngineError`s; anything else counts as `engine_crashed`.
    No yield may stand inside a task group, a time-out or a cancel scope: cancellation arrives at the yield.
    """

    plugin_api = PLUGIN_API
    capabilities: Capabilities
    credential: str = ""
    """Which account pays, as `domain.identity.digest_of` its key, never the key: what befell one holds for no other."""

    def estimate(self, request: ImageRequest, model: str) -> float | None:  # noqa: ARG002 - for those who override it
        """What painting all of a request will cost, in the operator's currency; no I/O. None: nobody has said."""
        return None if self.capabilities.charges else 0.0

    async def open(self) -> None:  # noqa: B027 - optional by design
        """Load models, open clients. Called once before the first paint, in the process that paints."""

    async def close(self) -> None:  # noqa: B027 - optional by design
        """Give back what open took."""

    async def health(self) -> None:  # noqa: B027 - optional by design
        """Return when it can paint, raise an EngineError that says why not and what to do."""

    async def cancel(self, call: OpenCall) -> None:  # noqa: B027 - optional by design
        """Tell the service that nobody waits for this call any more. Called once, after the paint is closed; best effort."""

    @property
    def can_cancel(self) -> bool:
        """Whether there is anything that `cancel` does."""
        return type(self).cancel is not Engine.cancel

    async def verify(self, delivery: Delivery) -> bool:  # noqa: ARG002 - for those whose service signs
        """Whether the service itself has just sent this. Only then does it end a wait for the task's webhook."""
        return False

    @abc.abstractmethod
    def paint(self, task: PaintTask) -> AsyncGenerator[Stroke, None]:
        """Paint the missing ordinals, one Painted each. To end without one is a fault, and leaves its call in doubt."""
        raise NotImplementedError
