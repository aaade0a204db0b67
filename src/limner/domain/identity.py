"""Who is asking, and ids."""

from __future__ import annotations

import enum
import hashlib
import os
import re
import time
from dataclasses import dataclass, field
from datetime import datetime

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")


_drawn: list[bytes] = []
os.register_at_fork(after_in_child=_drawn.clear)


def new_id() -> str:
    """A UUIDv7 (RFC 9562) as lower-case text: ordered by creation to the millisecond, 74 random bits."""
    value = (time.time_ns() // 1_000_000 & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(_random_bytes(), "big")
    value = value & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _random_bytes() -> bytes:
    """Ten, drawn by the hundred: a system call an id hands the interpreter to another thread, which may keep it for
    5 ms (measured: a fifth of an accept's time).
    """
    try:
        return _drawn.pop()
    except IndexError:
        many = os.urandom(10 * 256)
        _drawn.extend(many[start : start + 10] for start in range(10, len(many), 10))
        return many[:10]


def is_id(text: str) -> bool:
    """Whether this could be one of our ids; anything else is treated as absent without asking the database."""
    return _UUID.match(text) is not None


def digest_of(key: str) -> str:
    """What a service's key is called where it must not be shown."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


class Scope(enum.StrEnum):
    """What a principal may do."""

    JOBS_READ = "jobs:read"
    JOBS_WRITE = "jobs:write"
    IMAGES_READ = "images:read"
    IMAGES_WRITE = "images:write"
    OPERATE = "operate"


USER_SCOPES = frozenset({Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.IMAGES_READ, Scope.IMAGES_WRITE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who is asking. `credential` names the key used; what came by a link ends at `expires_at`."""

    user_id: str
    scopes: frozenset[Scope] = USER_SCOPES
    credential: str = ""
    expires_at: datetime | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes


class KeyKind(enum.StrEnum):
    """How a key is used; none is taken for another."""

    KEY = "key"
    """Sent by programs with each request."""
    SESSION = "session"
    """Kept by a browser in a cookie."""
    LINK = "link"
    """Exchanged once for a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as we keep it: `digest` is SHA-256 of the secret part, the key itself is shown once and never stored.
    `parent` is the key that a session was made from, and ends with.
    """

    id: str
    kind: KeyKind = KeyKind.KEY
    parent: str | None = None
    user_id: str
    digest: str
    name: str
    scopes: frozenset[Scope] = field(default=USER_SCOPES)
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
