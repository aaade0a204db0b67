"""What the caller prefers: waiting, formats, and what it has already."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from starlette.types import Scope

from limner.domain.image import MEDIA_TYPES

LONGEST_WAIT = 60


def header(scope: Scope, name: bytes) -> str | None:
    """A request header's value (several are joined, as RFC 9110 says), None where there is none."""
    found = [value for key, value in scope["headers"] if key == name]
    return b", ".join(found).decode("latin-1") if found else None


def preferred_wait(scope: Scope) -> int | None:
    """Seconds of `Prefer: wait=N` (RFC 7240), at most 60; None without a usable one."""
    for preference in (header(scope, b"prefer") or "").split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        digits = value.strip().strip('"')
        if name.strip().lower() == "wait" and digits.isascii() and digits.isdigit():
            return min(int(digits[:9]), LONGEST_WAIT)
    return None


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    quality: float


def _ranges(accept: str) -> list[_Range]:
    ranges = []
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        ranges.append(_Range(kind, _quality(parameters)))
    return sorted(ranges, key=lambda found: -found.quality)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return 0.0
    return 1.0


def accepted_picture(accept: str | None, stored: str) -> str | None:
    """The format (png, webp, jpeg) a caller wants the picture itself in, None when it wants JSON.

    `stored` is the format it is kept in and wins ties, so that nothing is converted without need.
    """
    if accept is None or "image/" not in accept.lower():
        return None
    for found in _ranges(accept):
        if not found.quality:
            continue
        if found.kind in ("application/json", "application/*", "*/*"):
            return None
        if found.kind in ("image/*", MEDIA_TYPES[stored]):
            return stored
        for name, media_type in MEDIA_TYPES.items():
            if found.kind == media_type:
                return name
    return None


def weak_etag(body: bytes) -> str:
    return f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """If-None-Match by weak comparison (RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    given = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in given or etag.removeprefix("W/") in given
