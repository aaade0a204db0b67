"""What a key may look like."""

from __future__ import annotations

import re

MAX_KEY = 200
_KEY = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")


def checked(key: str) -> str:
    """The key itself: relative, of [a-z0-9._-] segments that do not start with a dot. Raises ValueError otherwise."""
    if not is_key(key):
        raise ValueError(f"{key[:MAX_KEY]!r} is not a storage key.")
    return key


def is_key(text: str) -> bool:
    return len(text) <= MAX_KEY and _KEY.fullmatch(text) is not None


def is_below(key: str, prefix: str) -> bool:
    """Whether the key's first segments are those of `prefix`; "" is above every key."""
    return not prefix or key == prefix or key.startswith(f"{prefix.rstrip('/')}/")
