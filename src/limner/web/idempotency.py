"""Asking again safely: the key that a client gives a request, so that a lost answer does not cost a second job."""

from __future__ import annotations

from starlette.types import Scope

from limner.contracts.repository import Submission
from limner.domain.errors import FieldError, InvalidRequest
from limner.web.negotiation import header

LONGEST_KEY = 255


def idempotency_key(scope: Scope) -> str | None:
    """Raises InvalidRequest for what is no key."""
    key = header(scope, b"idempotency-key")
    if key is not None and (not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable())):
        detail = f"Idempotency-Key takes 1 to {LONGEST_KEY} printable ASCII characters."
        raise InvalidRequest([FieldError("/Idempotency-Key", "bad_text", detail, {"maximum": LONGEST_KEY})])
    return key


def replayed(submission: Submission) -> dict[str, str]:
    return {"Idempotent-Replayed": "true"} if submission.replayed else {}
