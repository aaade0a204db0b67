"""Deliveries that are signed as standardwebhooks.com says: HMAC-SHA256 over id, time and body, with a shared secret."""

from __future__ import annotations

import base64
import hmac

from limner.contracts.engine import Delivery
from limner.engines.hosted.signatures import Signed, moment_of

SECRET_PREFIX = "whsec_"  # noqa: S105 - how secrets begin
VERSION = "v1,"
SHORTEST_SECRET = 16
MOST_SIGNATURES = 8
"""There are several while a secret is turned over."""


def signed_as_standard(delivery: Delivery) -> Signed | None:
    """None where its headers are not those of the standard."""
    stamp = delivery.headers.get("webhook-timestamp", "")
    sent_at = moment_of(stamp)
    name = delivery.headers.get("webhook-id", "")
    given = delivery.headers.get("webhook-signature", "").split()[:MOST_SIGNATURES]
    if sent_at is None or not name:
        return None
    message = b".".join((name.encode(), stamp.encode(), delivery.body))

    def fits(secret: bytes) -> bool:
        ours = VERSION.encode() + base64.b64encode(hmac.digest(secret, message, "sha256"))
        return any(hmac.compare_digest(ours, theirs.encode()) for theirs in given)

    return Signed(sent_at=sent_at, fits=fits)


def secret_in(text: str) -> bytes:
    """Raises ValueError for what is no secret, or one that could be guessed."""
    secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"a secret has {SHORTEST_SECRET} bytes or more")
    return secret
