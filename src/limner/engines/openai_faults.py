"""What goes wrong by OpenAI's own codes, whoever speaks its API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limner.domain.errors import EngineError, OutOfMoney, RefusedByPolicy
from limner.engines.hosted.faults import quoting

OUT_OF_MONEY = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "credit_balance_exhausted", "organization_spend_limit_exceeded",
     "project_spend_limit_exceeded", "organization_usage_limit_exceeded"}
)  # fmt: skip
REFUSALS = frozenset({"moderation_blocked", "content_policy_violation"})


def told(document: Any, spoken: Callable[[Any], str]) -> EngineError | None:
    """What its own codes mean, whatever the status; `spoken` gives the service's words. None: they say nothing."""
    trouble = error_of(document)
    codes = {str(trouble.get("code")), str(trouble.get("type"))}
    if codes & REFUSALS:
        return RefusedByPolicy(quoting("The service refuses to paint this", spoken(document)))
    return OutOfMoney() if codes & OUT_OF_MONEY else None


def error_of(document: Any) -> dict[str, Any]:
    """Servers that speak this API also say `{"error": "…"}`, `{"detail": "…"}` or `{"detail": [{"msg": "…"}]}`."""
    if not isinstance(document, dict):
        return {}
    trouble = document.get("error") or document.get("detail")
    if isinstance(trouble, list):
        trouble = next((one.get("msg") for one in trouble if isinstance(one, dict)), None)
    return trouble if isinstance(trouble, dict) else {"message": trouble} if trouble else {}
