"""Browsers send cookies along whoever made them ask; so a session changes things only for pages of this very host."""

from __future__ import annotations

from collections.abc import Collection

from starlette.types import Scope

from limner.web.errors import CrossSite
from limner.web.negotiation import header

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site, which no page can set; none is what a person typed."""


def refuse_cross_site(scope: Scope) -> None:
    """Raises CrossSite for what would change things and does not say that it comes from here."""
    if scope["method"] in SAFE:
        return
    site = header(scope, b"sec-fetch-site")
    # Browsers leave it out where the connection is not secure, but then they name the origin.
    ours = header(scope, b"origin") == _own_origin(scope) if site is None else site in OURS
    if not ours:
        raise CrossSite


def refuse_foreign_page(scope: Scope, allowed: Collection[str]) -> None:
    """For callers who need no proof: raises CrossSite for what a page of none of the `allowed` origins would change.
    Programs send no origin, and browsers always do.
    """
    origin = header(scope, b"origin")
    if origin is not None and origin not in allowed and "*" not in allowed:
        refuse_cross_site(scope)


def _own_origin(scope: Scope) -> str:
    return f"{scope['scheme']}://{header(scope, b'host')}".lower()
