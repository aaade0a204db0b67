"""Signing in and out, for the page: a key or a one-time link becomes a cookie."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from limner.actions import sign_in as signing_in
from limner.actions import sign_out as signing_out
from limner.domain.errors import FieldError, InvalidRequest, NotFound, Unauthenticated
from limner.domain.identity import KeyKind
from limner.web import errors as web_errors
from limner.web import operation
from limner.web.access import Anybody, Caller, Somebody
from limner.web.asking import parse_object, read_body, require_json
from limner.web.encoding import encode, timestamp
from limner.web.operation import add, answer
from limner.web.same_origin import refuse_cross_site
from limner.web.schemas import LimnerSession, LimnerSignIn
from limner.web.session_cookie import clear_session, is_secure, set_session
from limner.web.telling import JsonResponse

NO_PROOF = FieldError("", "wrong_type", 'The body must be {"key": "lmn_…"} or {"link": "lmn_…"}.')
UNCACHED = {"Cache-Control": "no-store"}


async def sign_in(caller: Anybody) -> Response:
    """Sets the cookie of a session, for a key or a one-time link. GET /session then tells whether the browser took it."""
    assembly, request = caller.assembly, caller.request
    refuse_cross_site(request.scope)
    require_json(request)
    proof, kind = _proof_in(parse_object(await read_body(request)))
    made = await signing_in.sign_in(
        proof,
        kind,
        authenticator=assembly.authenticator,
        repository=assembly.repository,
        age=assembly.policy.session_age,
    )
    response = _session_response(caller, made.record.user_id, made.record.expires_at)
    set_session(response, request.scope, made.key, seconds=int(assembly.policy.session_age))
    return response


async def get_session(caller: Somebody) -> Response:
    """Who is signed in, also by a key."""
    return _session_response(caller, caller.principal.user_id, caller.principal.expires_at)


async def sign_out(caller: Somebody) -> Response:
    """Ends the session at once, with its open streams and signed links."""
    assembly = caller.assembly
    await signing_out.sign_out(caller.principal, repository=assembly.repository, forget=assembly.authenticator.forget)
    # Browsers keep pictures for ever; the next person at this one shall not find them.
    response = Response(None, 204, {**UNCACHED, "Clear-Site-Data": '"cache"'})
    clear_session(response, caller.request.scope)
    return response


def _proof_in(body: dict[str, Any]) -> tuple[str, KeyKind]:
    """Raises InvalidRequest."""
    match body:
        case {"key": str(key)} if len(body) == 1:
            return key, KeyKind.KEY
        case {"link": str(link)} if len(body) == 1:
            return link, KeyKind.LINK
    raise InvalidRequest([NO_PROOF])


def _session_response(caller: Caller, user: str, expires_at: datetime | None) -> Response:
    told = {"user": user, "expires_at": timestamp(expires_at), "secure": is_secure(caller.request.scope)}
    return JsonResponse(encode(told), 200, UNCACHED)


def add_session_routes(router: APIRouter) -> None:
    add(
        router,
        "GET",
        "/session",
        get_session,
        tag="session",
        answers={200: answer("Who is signed in.", LimnerSession)},
        always=(Unauthenticated(), *operation.OURS),
    )


def add_signing_in(router: APIRouter) -> None:
    """Where callers are told apart at all."""
    add(
        router,
        "POST",
        "/session",
        sign_in,
        tag="session",
        answers={200: answer("You are signed in.", LimnerSession, headers=["Set-Cookie"])},
        problems=[
            *operation.BAD_BODY,
            InvalidRequest([NO_PROOF]),
            Unauthenticated(signing_in.REFUSED),
            web_errors.CrossSite(),
        ],
        always=operation.OURS,
        body=operation.json_body(LimnerSignIn),
    )
    add(
        router,
        "DELETE",
        "/session",
        sign_out,
        tag="session",
        answers={204: answer("You are signed out.", headers=["Set-Cookie"])},
        problems=[NotFound(signing_out.NO_SESSION), web_errors.CrossSite()],
        always=(Unauthenticated(), *operation.OURS),
    )
