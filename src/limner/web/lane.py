"""A short way to plain routes, for `limner serve`: past FastAPI's routing and its wrappers, of which they need nothing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from limner.web.route import LimnerRoute

TRACED = "fastapi.telemetry"
"""In the scope of requests that FastAPI traces: those go its way, so that spans know their route."""


class Lane:
    """Measured: a third of the event loop's time for an accept, more while it waits for the database."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = [route for route in routes if isinstance(route, LimnerRoute)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and TRACED not in scope:
            for route in self._routes:
                match, found = route.matches(scope)
                if match is Match.FULL and route.is_plain({**scope, **found}):
                    scope.update(found)
                    await route.handle_plainly(scope, receive, send)
                    return
        await self._app(scope, receive, send)
