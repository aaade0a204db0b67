"""Who may do what, written in the signatures of the routes: `caller: MayReadJobs`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from starlette.requests import Request

from limner.actions.links import WINDOWS, Kind
from limner.assembly import Assembly
from limner.contracts.repository import Repository
from limner.domain.errors import MissingScope
from limner.domain.identity import Principal, Scope
from limner.web.addresses import Addresses
from limner.web.door import Door

SHORTEST_REDIRECT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of its caller: a scope (None: only who they are; `open`: not even that). With `signed`, a
    signed link to exactly the job or picture in its path opens it, too.
    """

    scope: Scope | None = None
    signed: Kind | None = None
    open: bool = False

    def check(self, principal: Principal) -> None:
        if self.scope is not None and self.scope not in principal.scopes:
            raise MissingScope(f"This key may not do that; it needs `{self.scope}`.", needed=self.scope.value)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by which request, through which door. `base` is the path under which the router is mounted."""

    principal: Principal
    door: Door
    request: Request
    base: str

    @property
    def assembly(self) -> Assembly:
        return self.door.assembly

    @property
    def repository(self) -> Repository:
        return self.door.assembly.repository

    @property
    def addresses(self) -> Addresses:
        return Addresses(self.base, self.principal, self.door.links, self.door.assembly.clock.now())

    @property
    def redirect(self) -> timedelta | None:
        """How long a storage's own URL of a picture may hold for this caller: less than a link of ours, and no longer
        than what he came with. None: pictures are served from here.
        """
        means, until = self.door.assembly, self.principal.expires_at
        if not means.settings.redirect:
            return None
        longest = timedelta(seconds=means.policy.link_age / WINDOWS)
        left = longest if until is None else until - means.clock.now()
        return max(SHORTEST_REDIRECT, min(left, longest))

    async def holds(self) -> bool:
        """Whether what the caller came with is still valid."""
        return await self.door.callers.holds(self.principal)


MayReadJobs = Annotated[Caller, Access(Scope.JOBS_READ)]
MayWriteJobs = Annotated[Caller, Access(Scope.JOBS_WRITE)]
MayReadImages = Annotated[Caller, Access(Scope.IMAGES_READ)]
MayWriteImages = Annotated[Caller, Access(Scope.IMAGES_WRITE)]
MayWatchJob = Annotated[Caller, Access(Scope.JOBS_READ, signed="job")]
MaySeeImage = Annotated[Caller, Access(Scope.IMAGES_READ, signed="image")]
Anybody = Annotated[Caller, Access(open=True)]
Somebody = Annotated[Caller, Access()]
MayOperate = Annotated[Caller, Access(Scope.OPERATE)]


def access_of(endpoint: Callable[..., Any]) -> Access:
    """The rule in an endpoint's signature; an endpoint without one is a mistake of ours, found when it is built."""
    caller = inspect.signature(endpoint, eval_str=True).parameters["caller"]
    (rule,) = caller.annotation.__metadata__
    assert isinstance(rule, Access)
    return rule
