"""The page and its assets. They hold nothing of anybody's: what is private comes by the API, to who is signed in."""

from __future__ import annotations

from pathlib import PurePath

from fastapi import APIRouter
from starlette.responses import Response

from limner.domain.errors import LimnerError, NotFound, Unauthenticated
from limner.web.access import Anybody, Caller
from limner.web.host_users import HostUsers
from limner.web.negotiation import header, matches, weak_etag
from limner.web.page.asset_files import MEDIA_TYPES, asset_files
from limner.web.page.shell import shell
from limner.web.session_holders import SessionHolders

# Previews come as data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SHELL = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",
    "Vary": "Cookie",
}
ASSET = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
}


async def show_page(caller: Anybody) -> Response:
    """One document for every view; its modules read the address."""
    page = shell(
        caller.base,
        sign_in=_signs_in(caller),
        known=await _is_known(caller),
        documented=not isinstance(caller.door.callers, HostUsers),
    )
    headers = {**SHELL, "ETag": weak_etag(page)}
    if matches(header(caller.request.scope, b"if-none-match"), headers["ETag"]):
        return Response(None, 304, headers)
    return Response(page, 200, headers, "text/html; charset=utf-8")


async def show_picture(caller: Anybody, image_id: str) -> Response:  # noqa: ARG001 - the page asks the API for it
    """The same document, for a link to one picture."""
    return await show_page(caller)


async def show_asset(caller: Anybody, version: str, name: str) -> Response:
    """A module, style sheet or icon, under an address that changes with it."""
    files = asset_files()
    if version != files.version or name not in files.bodies:
        raise NotFound("There is no such file; load the page again.")
    media_type = MEDIA_TYPES[PurePath(name).suffix]
    if "gzip" in (header(caller.request.scope, b"accept-encoding") or ""):
        return Response(files.packed[name], 200, {**ASSET, "Content-Encoding": "gzip"}, media_type)
    return Response(files.bodies[name], 200, ASSET, media_type)


def _signs_in(caller: Caller) -> bool:
    return isinstance(caller.door.callers, SessionHolders)


async def _is_known(caller: Caller) -> bool:
    """Whether to show the studio or the way in; what only does not work just now is said by the page."""
    if not _signs_in(caller):
        return True
    try:
        await caller.door.callers.identify(caller.request)
    except Unauthenticated:
        return False
    except LimnerError:
        return True
    return True


def add_page_routes(router: APIRouter) -> None:
    """`GET /` and `GET /pictures/{image_id}` are for people, so they stand in no document."""
    for path, endpoint in (
        ("/", show_page),
        ("/pictures/{image_id}", show_picture),
        ("/assets/{version}/{name}", show_asset),
    ):
        router.add_api_route(
            path, endpoint, methods=["GET", "HEAD"], name=f"limner:{endpoint.__name__}", include_in_schema=False
        )
