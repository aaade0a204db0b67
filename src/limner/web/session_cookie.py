"""The cookie that holds a session. Where the connection is secure its name makes browsers guard it (`__Host-`): no other
host and no clear connection can set it. A cookie that travelled in clear is never taken for it.
"""

from __future__ import annotations

from fastapi.security import APIKeyCookie
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

SECURE = "__Host-limner"
PLAIN = "limner_session"

SESSION = APIKeyCookie(
    name=SECURE,
    scheme_name="LimnerSession",
    description=f"What `POST /session` sets, for browsers; on plain HTTP it is named `{PLAIN}`.",
    auto_error=False,
)
"""Only describes itself in the OpenAPI document."""


def is_secure(scope: Scope) -> bool:
    """As the client sees it, where a proxy that says so is among `trusted_proxies`."""
    return bool(scope["scheme"] == "https")


def session_of(request: Request) -> str | None:
    return request.cookies.get(_name(request.scope))


def set_session(response: Response, scope: Scope, session: str, *, seconds: int) -> None:
    secure = is_secure(scope)
    response.set_cookie(_name(scope), session, max_age=seconds, secure=secure, httponly=True, samesite="lax")


def clear_session(response: Response, scope: Scope) -> None:
    response.delete_cookie(_name(scope), secure=is_secure(scope), httponly=True, samesite="lax")


def _name(scope: Scope) -> str:
    return SECURE if is_secure(scope) else PLAIN
