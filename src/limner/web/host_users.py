"""The host application's own users: its `current_user` dependency, solved by FastAPI with the host's signature."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from fastapi import Depends, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Scope

from limner.authenticators.host_app import HostAppAuthenticator
from limner.domain.identity import Principal

PRINCIPAL = "limner.principal"
STACKS = ("fastapi_inner_astack", "fastapi_function_astack")
"""Where FastAPI keeps the exits of dependencies with yield."""

CurrentUser = Callable[..., Any]


class HostUsers:
    plain = False
    schemes = ()

    def __init__(self, current_user: CurrentUser, host: HostAppAuthenticator) -> None:
        self._current_user = current_user
        self._host = host
        self._solvers: dict[Any, Callable[[Request], Awaitable[Response]]] = {}

    def refuse_query(self, scope: Scope) -> None:
        """The host's own business."""

    async def holds(self, principal: Principal) -> bool:
        return await self._host.holds(principal)

    async def identify(self, request: Request) -> Principal:
        """Raises whatever the host's dependencies raise."""
        app = request.scope["app"]
        solver = self._solvers.get(app) or self._solvers.setdefault(app, self._route(app).get_route_handler())
        before = {name: request.scope[name] for name in STACKS}
        async with AsyncExitStack() as dependencies:
            request.scope.update(dict.fromkeys(STACKS, dependencies))
            await solver(request)
        request.scope.update(before)
        principal: Principal = request.scope[PRINCIPAL]
        return principal

    def security(self) -> list[dict[str, list[str]]]:
        """What the host's dependency says of itself in OpenAPI."""
        document = get_openapi(title="", version="", routes=[self._route(None)])
        security: list[dict[str, list[str]]] = document["paths"]["/"]["get"].get("security", [])
        return security

    def _route(self, app: Any) -> APIRoute:
        """A route that is never mounted: FastAPI's own way to call a dependency, overrides included."""
        user_of_host = Depends(self._current_user)

        async def remember(request: Request, user: Any = user_of_host) -> Response:
            # Here, while what the user was loaded with (a session, say) is still open.
            request.scope[PRINCIPAL] = self._host.principal_of(user)
            return Response()

        return APIRoute("/", remember, dependency_overrides_provider=app)
