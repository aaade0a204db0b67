"""Pages of a newest-first list, and the opaque cursors between them."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from limner.domain.errors import BadCursor
from limner.domain.identity import is_id

Item = TypeVar("Item")
CURSOR_VERSION = 1
MAX_CURSOR = 128


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Up to `limit` items; `next` is the cursor of the following page, None at the end."""

    items: tuple[Item, ...]
    next: str | None

    @classmethod
    def cut(cls, items: Sequence[Item], *, limit: int, identify: Callable[[Item], str]) -> Page[Item]:
        """A page from up to `limit + 1` items: the one too many only says that more follow."""
        kept = tuple(items[:limit])
        more = len(items) > limit
        return cls(kept, encode_cursor(identify(kept[-1])) if more and kept else None)


def encode_cursor(before: str) -> str:
    """The opaque text by which a client asks for what is older than the id `before`."""
    text = json.dumps({"v": CURSOR_VERSION, "before": before}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None) -> str | None:
    """The id that `encode_cursor` was given; raises BadCursor for any text it did not make."""
    if cursor is None:
        return None
    before = _before(cursor) if len(cursor) <= MAX_CURSOR else None
    if not isinstance(before, str) or not is_id(before) or encode_cursor(before) != cursor:
        raise BadCursor
    return before


def _before(cursor: str) -> object:
    try:
        content = json.loads(
            base64.b64decode(cursor.encode() + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    return content.get("before") if isinstance(content, dict) else None
