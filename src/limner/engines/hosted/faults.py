"""From what a service answered to what may be done about it."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from limner.domain.errors import (
    BadParameter,
    EngineError,
    EngineFailed,
    OutOfMoney,
    RateLimited,
    Transient,
    Unauthorised,
    UnknownOutcome,
)
from limner.engines.hosted.answer import Answer

LONGEST_WORDS = 300

_OF_THE_ACCOUNT: Mapping[int, type[EngineError]] = {401: Unauthorised, 402: OutOfMoney, 403: Unauthorised}
_PASSING = frozenset({408, 409, 425, 500, 503})


def fault_of(answer: Answer, words: str, *, charges: bool) -> EngineError:
    """By the status alone; an adapter knows its service's own codes first. `charges`: the request may have cost money."""
    return _limit_of(answer) or _known(answer.status) or _other(answer.status, words, charges=charges)


def _limit_of(answer: Answer) -> RateLimited | None:
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited(retry_after=wait_of(answer))
    if answer.status == httpx.codes.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
        return RateLimited("The service is not ready yet and asks us to wait.", retry_after=wait_of(answer))
    return None


def _known(status: int) -> EngineError | None:
    if status in _PASSING:
        return Transient(f"The service had a passing fault ({status}).")
    return _OF_THE_ACCOUNT[status]() if status in _OF_THE_ACCOUNT else None


def _other(status: int, words: str, *, charges: bool) -> EngineError:
    if status < 400:
        return EngineFailed("The service sends us to another address, where we do not follow; see its base_url.")
    if status < 500:
        return BadParameter(quoting("The service does not accept the request", words or f"it says {status}"))
    if charges:
        return UnknownOutcome(f"Something between us and the service failed ({status}); it may have been charged.")
    return Transient(f"Something between us and the service failed ({status}).")


def wait_of(answer: Answer) -> float | None:
    """Seconds that the service asks us to wait: in its headers as seconds or a date, in its document, or in its words."""
    headers = answer.headers
    if milliseconds := _number(headers.get("retry-after-ms")):
        return milliseconds / 1000
    asked = headers.get("retry-after")
    if asked is not None:
        return _number(asked) if _number(asked) is not None else _seconds_until(asked)
    document = answer.document
    if isinstance(document, dict) and (seconds := _number(document.get("retry_after"))) is not None:
        return seconds
    spoken = re.search(rb"~?(\d{1,5}(?:\.\d+)?) ?s(?:ec(?:ond)?s?)?\b", answer.body[:2000])
    return float(spoken[1]) if spoken else None


def quoting(sentence: str, words: str) -> str:
    """Our sentence, then the service's own words."""
    return f"{sentence}: {words.rstrip('.')}." if words else f"{sentence}."


def plain(words: Any, secret: str = "") -> str:
    """A service's words as one short line without our key."""
    if not isinstance(words, str):
        return ""
    if secret:
        words = words.replace(secret, "…")
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line if len(line) <= LONGEST_WORDS else f"{line[:LONGEST_WORDS].rstrip()}…"


def _number(text: Any) -> float | None:
    try:
        number = float(text)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < float("inf") else None


def _seconds_until(date: str) -> float | None:
    try:
        moment = email.utils.parsedate_to_datetime(date)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
