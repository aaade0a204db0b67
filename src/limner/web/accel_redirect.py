"""Bytes that nginx sends in our place: `X-Accel-Redirect` tells it where they lie, and users never see that address."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlsplit

from starlette.requests import Request

from limner.contracts.storage import LocalStorage, SigningStorage, Storage
from limner.web.negotiation import header

HOLDS = timedelta(minutes=5)
"""nginx asks the store at once; their clocks may differ by so much."""

_JUDGED_BY_NGINX = (b"if-match", b"if-unmodified-since")
"""Preconditions that nginx would try on dates and tags of its own, and that we do not know."""


def is_asked_for(request: Request) -> bool:
    """Whether a proxy passes this on that can do it: whoever asks us directly gets the bytes from us."""
    asked = header(request.scope, b"x-sendfile-type") == "X-Accel-Redirect"
    return asked and not any(name in _JUDGED_BY_NGINX for name, _ in request.scope["headers"])


async def internal_address(prefix: str, key: str, storage: Storage) -> str:
    """`prefix`, then the file's absolute path, or path and query of the store's signed URL. Raises NotFound, for files
    only: of a store's objects nginx finds out.
    """
    if isinstance(storage, LocalStorage):
        return prefix + quote(str(storage.local_path(key)).lstrip("/"), safe="/,")
    assert isinstance(storage, SigningStorage)
    url = urlsplit(await storage.signed_url(key, HOLDS))
    return f"{prefix}{url.path.lstrip('/')}?{url.query}"
