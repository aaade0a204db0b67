"""What a key may look like."""

from __future__ import annotations

import re

MAX_KEY = 200
_KEY = re.compile(r"[a-z0-9_-][a-z0-9._-]*(?:/[a-z0-9_-][a-z0-9._-]*)*")


def checked(key: str) -> str:
    """The key itself: relative, of [a-z0-9._-] segments that do not start with a dot. Raises ValueError otherwise."""
    if len(key) > MAX_KEY or _KEY.fullmatch(key) is None:
        raise ValueError(f"{key[:MAX_KEY]!r} is not a storage key.")
    return key


def is_below(key: str, prefix: str) -> bool:
    """Whether the key's first segments are those of `prefix`; "" is above every key."""
    return not prefix or key == prefix or key.startswith(f"{prefix.rstrip('/')}/")
