"""What only `limner serve` has: an application of its own."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.responses import Response

from limner._version import __version__
from limner.assembly import Assembly
from limner.domain.errors import NotFound
from limner.web.errors import MethodNotAllowed, problem
from limner.web.everybody import Everybody
from limner.web.guard import Guard
from limner.web.lane import Lane
from limner.web.router import build_operator_router, build_router, build_session_router
from limner.web.session_holders import SessionHolders

DESCRIPTION = "Post a prompt, get 202, watch it being painted, keep the picture."
EXPOSED = ["ETag", "Location", "Retry-After", "Preference-Applied", "Idempotent-Replayed"]


def create_app(assembly: Assembly) -> FastAPI:
    """Users' and operators' routes, and the rules of a house of our own: host names, origins, careful headers."""
    app = FastAPI(title="Limner", version=__version__, description=DESCRIPTION)
    callers = (
        SessionHolders(assembly.authenticator)
        if assembly.settings.authentication
        else Everybody(assembly.settings.allowed_origins)
    )
    router = build_router(assembly, callers=callers, page=True)
    app.include_router(router)
    app.include_router(build_session_router(assembly, callers=callers))
    app.include_router(build_operator_router(assembly, callers=callers))
    app.add_exception_handler(HTTPException, _tell)
    app.add_exception_handler(Exception, _tell)
    app.add_middleware(Lane, routes=router.routes)
    if assembly.settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=assembly.settings.allowed_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=[
                "Authorization",
                "Content-Type",
                "Idempotency-Key",
                "If-None-Match",
                "Last-Event-ID",
                "Prefer",
            ],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Guard, hosts=assembly.settings.allowed_hosts)
    return app


async def _tell(request: Request, error: Exception) -> Response:
    """Addresses and methods that no route has, and what no route caught."""
    if isinstance(error, HTTPException) and error.status_code == 405:
        return problem(MethodNotAllowed(), error.headers)
    if isinstance(error, HTTPException) and error.status_code == 404:
        return problem(NotFound(f"There is nothing at {request.url.path}; see /docs."))
    return problem(error)
