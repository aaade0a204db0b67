"""Asking again safely: the key that a client gives a request, so that a lost answer does not cost a second job."""

from __future__ import annotations

from starlette.types import Scope

from limner.contracts.repository import Submission
from limner.domain.checking import MAX_IDEMPOTENCY_KEY, idempotency_key_fault
from limner.domain.errors import FieldError, InvalidRequest
from limner.web.negotiation import header


def idempotency_key(scope: Scope) -> str | None:
    """Raises InvalidRequest for what is no key."""
    key = header(scope, b"idempotency-key")
    if key is not None and (fault := idempotency_key_fault(key)):
        detail = f"Idempotency-Key {fault}."
        raise InvalidRequest([FieldError("/Idempotency-Key", "bad_text", detail, {"maximum": MAX_IDEMPOTENCY_KEY})])
    return key


def replayed(submission: Submission) -> dict[str, str]:
    return {"Idempotent-Replayed": "true"} if submission.replayed else {}
