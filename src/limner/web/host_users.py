"""The host application's own users: its `current_user` dependency, solved by FastAPI with the host's signature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Depends, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.types import Message, Scope

from limner.authenticators.host_app import HostAppAuthenticator
from limner.domain.identity import Principal

PRINCIPAL = "limner.principal"

CurrentUser = Callable[..., Any]


class HostUsers:
    schemes = ()

    def __init__(self, current_user: CurrentUser, host: HostAppAuthenticator) -> None:
        self._current_user = current_user
        self._host = host
        self._routes: dict[Any, APIRoute] = {}

    def refuse_query(self, scope: Scope) -> None:
        """The host's own business."""

    async def holds(self, principal: Principal) -> bool:
        return await self._host.holds(principal)

    async def identify(self, request: Request) -> Principal:
        """Raises whatever the host's dependencies raise."""
        app = request.scope["app"]
        route = self._routes.get(app) or self._routes.setdefault(app, self._route(app))
        scope = dict(request.scope)
        # Without the host's handlers of errors, which would answer: they are to see the errors where they always do.
        scope.pop("starlette.exception_handlers", None)
        await route.app(scope, request.receive, _send_nothing)
        principal: Principal = scope[PRINCIPAL]
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


async def _send_nothing(message: Message) -> None:
    """The route that solves a dependency has nothing to say."""
