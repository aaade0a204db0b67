"""All routes of Limner as one router, for `limner serve` and for any FastAPI application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, Depends

from limner.assembly import Assembly
from limner.authenticators.host_app import HostAppAuthenticator, id_of
from limner.domain.errors import SettingsError
from limner.web.credentials import LINK
from limner.web.door import Callers, Door
from limner.web.everybody import Everybody
from limner.web.host_users import HostUsers
from limner.web.key_holders import KeyHolders
from limner.web.page.routes import add_page_routes
from limner.web.route import LimnerRoute
from limner.web.routes.events import add_event_routes
from limner.web.routes.images import add_image_routes, add_submit_route
from limner.web.routes.inputs import add_input_routes
from limner.web.routes.jobs import add_job_routes
from limner.web.routes.models import add_model_routes
from limner.web.routes.operator import add_operator_routes
from limner.web.routes.session import add_session_routes, add_signing_in
from limner.web.routes.usage import add_usage_routes
from limner.web.routes.webhooks import add_webhook_routes

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]


def build_router(
    assembly: Assembly,
    *,
    callers: Callers | None = None,
    current_user: Callable[..., Any] | None = None,
    user_id: Callable[[Any], str] | None = None,
    scopes: Callable[[Any], Iterable[str]] | None = None,
    lifespan: Lifespan | None = None,
    page: bool = False,
) -> APIRouter:
    """Everything users need, with `page` also something to look at. `include_router` merges its lifespan, which starts
    and stops the assembly.
    """
    callers = callers or _callers(assembly)
    if current_user is not None:
        host = HostAppAuthenticator(user_id=user_id or id_of, scopes=scopes)
        callers = HostUsers(current_user, host)
    router = _router(Door(assembly, callers), lifespan or _lifespan_of(assembly))
    add_submit_route(router)
    add_job_routes(router)
    add_image_routes(router)
    add_input_routes(router)
    add_event_routes(router, described=[*map(Depends, callers.schemes), Depends(LINK)])
    add_model_routes(router)
    add_usage_routes(router)
    if assembly.settings.public_url:
        add_webhook_routes(router)
        assembly.webhooks.serve_at(assembly.settings.public_url)
    if page:
        _refuse_strangers(callers)
        add_page_routes(router)
    _tell_methods(router)
    return router


def _refuse_strangers(callers: Callers) -> None:
    """A browser sends no API keys, and outside `limner serve` there is no place to sign in with one."""
    if isinstance(callers, KeyHolders):
        raise SettingsError(
            "A page needs to know who looks at it: give router(page=True) a current_user, or switch authentication off."
        )


def build_operator_router(assembly: Assembly, *, callers: Callers | None = None) -> APIRouter:
    """/health, /ready and /metrics, for those who run it."""
    router = _router(Door(assembly, callers or _callers(assembly)), None)
    add_operator_routes(router)
    _tell_methods(router)
    return router


def build_session_router(assembly: Assembly, *, callers: Callers) -> APIRouter:
    """/session, for the page of `limner serve`: a host application has sessions of its own."""
    router = _router(Door(assembly, callers), None)
    add_session_routes(router)
    if assembly.settings.authentication:
        add_signing_in(router)
    _tell_methods(router)
    return router


def _callers(assembly: Assembly) -> Callers:
    return (
        KeyHolders(assembly.authenticator)
        if assembly.settings.authentication
        else Everybody(assembly.settings.allowed_origins)
    )


def _router(door: Door, lifespan: Lifespan | None) -> APIRouter:
    # FastAPI makes routes of a class; what they share is therefore the class's.
    route_class = type("LimnerRoute", (LimnerRoute,), {"door": door})
    return APIRouter(route_class=route_class, lifespan=lifespan)


def _lifespan_of(assembly: Assembly) -> Lifespan:
    @asynccontextmanager
    async def run(app: object) -> AsyncIterator[None]:
        del app
        await assembly.start(work=not assembly.settings.dispatcher)
        try:
            yield
        finally:
            await assembly.stop()

    return run


def _tell_methods(router: APIRouter) -> None:
    """Several routes share an address; each must know what the address takes."""
    routes = [route for route in router.routes if isinstance(route, LimnerRoute)]
    allowed: dict[str, set[str]] = defaultdict(set)
    for route in routes:
        allowed[route.path] |= route.taken
    for route in routes:
        route.allowed = allowed[route.path]
