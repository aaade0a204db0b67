"""Signed links, for `<img>` and `EventSource`, which send no headers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
from datetime import UTC, datetime
from typing import Literal

from limner.domain.errors import Unauthenticated
from limner.domain.identity import Principal, Scope

Kind = Literal["job", "image"]

READING = {"j": Scope.JOBS_READ, "i": Scope.IMAGES_READ}
"""What a link can carry on: whoever watches a job by link is shown links to its pictures, if the signer may see them."""
WINDOWS = 3
"""Expiry is rounded up to a third of the age: within such a window the same link is made, so that caches hit."""
MAC_BYTES = 16
MOST_KEPT = 1024

_SHAPE = re.compile(r"([0-9a-f]{1,12})\.([A-Za-z0-9_-]{1,1024})\.([A-Za-z0-9_-]{4})\.([A-Za-z0-9_-]{22})")


class Links:
    """A link reads: it holds for GET of one thing, for one principal, `age` seconds and up to a third more.

    The signature carries expiry, principal and the id of our secret; a MAC binds them to the thing.
    """

    def __init__(self, secret: bytes, *, age: float = 900.0) -> None:
        self._mac = hmac.new(secret, digestmod=hashlib.sha256)
        self._key_id = _text(hashlib.sha256(b"limner links " + secret).digest()[:3])
        self._age = age
        self._window = age / WINDOWS
        self._stems: dict[tuple[str, str, str, int], str] = {}

    def sign(self, principal: Principal, kind: Kind, subject_id: str, *, now: datetime) -> str:
        """The value of `?signature=`."""
        expiry = math.ceil(math.ceil((now.timestamp() + self._age) / self._window) * self._window)
        if kind == "job" and principal.expires_at is not None:
            # Whoever came by a link is told the job with its links: those must not renew it for ever.
            expiry = min(expiry, math.ceil(principal.expires_at.timestamp()))
        stem = self._stem(principal, "".join(mark for mark in READING if principal.may(READING[mark])), expiry)
        return f"{stem}.{self._seal(stem, kind, subject_id)}"

    def verify(self, signature: str, kind: Kind, subject_id: str, *, now: datetime) -> Principal:
        """Who it was signed for, who may read what the signer may, and nothing else, until the link expires. Raises
        Unauthenticated. The caller asks the authenticator whether the principal still holds.
        """
        shape = _SHAPE.fullmatch(signature)
        stem, _, seal = signature.rpartition(".")
        if shape is None or not hmac.compare_digest(seal, self._seal(stem, kind, subject_id)):
            raise Unauthenticated
        expiry = int(shape[1], 16)
        if expiry <= now.timestamp():
            raise Unauthenticated
        marks, user_id, credential = _bytes(shape[2]).decode().split("\0")
        scopes = frozenset(READING[mark] for mark in marks)
        expires_at = datetime.fromtimestamp(expiry, UTC)
        return Principal(user_id=user_id, scopes=scopes, credential=credential, expires_at=expires_at)

    def _stem(self, principal: Principal, marks: str, expiry: int) -> str:
        facts = (principal.user_id, principal.credential, marks, expiry)
        stem = self._stems.get(facts)
        if stem is None:
            who = _text(f"{marks}\0{principal.user_id}\0{principal.credential}".encode())
            stem = f"{expiry:x}.{who}.{self._key_id}"
            if len(self._stems) >= MOST_KEPT:
                self._stems.clear()
            self._stems[facts] = stem
        return stem

    def _seal(self, stem: str, kind: str, subject_id: str) -> str:
        mac = self._mac.copy()
        mac.update(f"GET\0{kind}\0{stem}\0{subject_id}".encode(errors="surrogatepass"))
        return _text(mac.digest()[:MAC_BYTES])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
