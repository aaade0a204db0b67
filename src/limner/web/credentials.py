"""Where a caller's proof is in a request: the one reader of the Authorization header."""

from __future__ import annotations

from fastapi.security import APIKeyQuery, HTTPBearer
from starlette.types import Scope

from limner.domain.errors import Unauthenticated

KEY = HTTPBearer(scheme_name="LimnerKey", description="A key made with `limner keys create`.", auto_error=False)
LINK = APIKeyQuery(
    name="signature",
    scheme_name="LimnerLink",
    description="The proof in a signed address: good for one thing, for a quarter of an hour.",
    auto_error=False,
)
"""Both only describe themselves in the OpenAPI document; the routes read requests by the functions below."""

BEARER = b"bearer"
QUERY_NAMES = (b"api_key=", b"apikey=", b"access_token=")
KEY_IN_QUERY = b"=lmn_"


def has_bearer(scope: Scope) -> bool:
    """Whether a key was sent, good or bad; what a proxy in front asks for (`Basic …`) is none."""
    return any(name == b"authorization" and _scheme(value) == BEARER for name, value in scope["headers"])


def bearer_token(scope: Scope) -> str:
    """The token of `Authorization: Bearer …`; several headers, other schemes and odd bytes are no proof."""
    found: list[bytes] = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1:
        raise Unauthenticated
    token = found[0].partition(b" ")[2]
    if _scheme(found[0]) != BEARER or not token.isascii():
        raise Unauthenticated
    return token.strip().decode("ascii")


def refuse_key_in_query(scope: Scope) -> None:
    query: bytes = scope["query_string"]
    if KEY_IN_QUERY in query or any(part.lower().startswith(QUERY_NAMES) for part in query.split(b"&")):
        raise Unauthenticated(
            "A key in the URL ends up in logs and histories, so it is refused: "
            "send it as `Authorization: Bearer lmn_…`, and make a new one, for this one is no longer secret."
        )


def _scheme(authorization: bytes) -> bytes:
    return authorization.partition(b" ")[0].lower()
