"""What the routes of one router share."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request
from starlette.types import Scope

from limner.actions.links import Kind, Links
from limner.actions.picture_cache import PictureCache
from limner.assembly import Assembly
from limner.domain.errors import Unauthenticated
from limner.domain.identity import Principal
from limner.web.readiness import Readiness

FRAMES_KEPT = 512


class Callers(Protocol):
    """How requests are told apart: by our keys, or by the host application's users."""

    @property
    def schemes(self) -> Sequence[Callable[..., Any]]:
        """Ours, to be described in the OpenAPI document; the host's own stand there already."""
        ...

    def security(self) -> list[dict[str, list[str]]]:
        """What a route requires, in OpenAPI's words."""
        ...

    def refuse_query(self, scope: Scope) -> None:
        """Raises Unauthenticated where a secret stands in the query string."""
        ...

    async def identify(self, request: Request) -> Principal: ...

    async def holds(self, principal: Principal) -> bool:
        """Whether what the principal came with is still valid."""
        ...


class FrameCache:
    """Frames that many watchers are sent, made once; the oldest go first."""

    def __init__(self) -> None:
        self._frames: OrderedDict[object, bytes] = OrderedDict()

    def get(self, key: object) -> bytes | None:
        return self._frames.get(key)

    def put(self, key: object, frame: bytes) -> bytes:
        self._frames[key] = frame
        if len(self._frames) > FRAMES_KEPT:
            self._frames.popitem(last=False)
        return frame


@dataclass(frozen=True, slots=True)
class Door:
    assembly: Assembly
    callers: Callers
    frames: FrameCache = field(default_factory=FrameCache)
    pictures: PictureCache = field(default_factory=PictureCache)
    readiness: Readiness = field(default_factory=Readiness)

    @property
    def links(self) -> Links:
        return links_of(self.assembly.secret, self.assembly.policy.link_age)

    async def open_link(self, signature: str, kind: Kind, subject_id: str) -> Principal:
        """Who a signed link was made for. Raises Unauthenticated, also where that principal was revoked since."""
        principal = self.links.verify(signature, kind, subject_id, now=self.assembly.clock.now())
        if not await self.callers.holds(principal):
            raise Unauthenticated
        return principal


@functools.lru_cache(maxsize=8)
def links_of(secret: bytes, age: float) -> Links:
    """The secret is known only once the assembly has started."""
    return Links(secret, age=age)
