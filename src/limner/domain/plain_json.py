"""What callers may keep with a job: JSON that every database, encoder and terminal takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from limner.domain.errors import FieldError
from limner.domain.wording import UNWANTED, kind_of, shown

MAX_BYTES = 16 * 1024
MAX_DEPTH = 8
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**64 - 1
FIRST_SURROGATE = 0xD800

_UNWANTED_IN_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def text_fault(text: str, *, one_line: bool = False) -> str | None:
    """Why some text is not kept: control characters (line breaks and tabs are welcome unless `one_line`) and
    surrogates without a partner.
    """
    if text.isprintable():
        return None
    found = (_UNWANTED_IN_LINE if one_line else UNWANTED).search(text)
    if found is None:
        return None
    code = ord(found[0])
    what = "half a character (a lone surrogate)" if code >= FIRST_SURROGATE else f"a control character (U+{code:04X})"
    return f"has {what} at position {found.start() + 1}; remove it"


def object_faults(name: str, value: Any) -> Iterator[FieldError]:
    """Why `value` cannot be kept as a JSON object of at most 16 KiB and 8 levels."""
    pointer = f"/{name}"
    if not isinstance(value, Mapping):
        yield FieldError(pointer, "wrong_type", f"{name} is {kind_of(value)}; it must be a JSON object.")
    elif value:
        yield from _content_faults(pointer, name, value)


def _content_faults(pointer: str, name: str, value: Mapping[str, Any]) -> Iterator[FieldError]:
    try:
        size = len(_encode(value).encode(errors="surrogatepass"))
    except (TypeError, ValueError, RecursionError):
        size = 0
    if size > MAX_BYTES:
        detail = f"{name} takes {size} bytes as JSON; the limit is {MAX_BYTES}."
        yield FieldError(pointer, "too_long", detail, {"maximum": MAX_BYTES})
    elif fault := _fault_of(value, MAX_DEPTH):
        code, detail = fault
        yield FieldError(pointer, code, f"{name} {detail}.")
    elif not size:
        yield FieldError(pointer, "wrong_type", f"{name} is not JSON.")


def _fault_of(value: Any, depth: int) -> tuple[str, str] | None:
    match value:
        case str():
            fault = text_fault(value)
            return ("bad_text", fault) if fault else None
        case None | bool():
            return None
        case int():
            fits = SMALLEST_INTEGER <= value <= LARGEST_INTEGER
            return None if fits else ("out_of_range", f"holds {shown(value)}; whole numbers may have 64 bits")
        case float():
            return None if abs(value) < float("inf") else ("out_of_range", f"holds {value}, which JSON has no word for")
        case Mapping() | list() | tuple():
            return _fault_inside(value, depth)
        case _:
            return "wrong_type", f"holds {kind_of(value)}, which JSON has no word for"


def _fault_inside(value: Mapping[Any, Any] | list[Any] | tuple[Any, ...], depth: int) -> tuple[str, str] | None:
    if depth == 0:
        return "too_deep", f"is nested deeper than {MAX_DEPTH} levels"
    inside = value
    if isinstance(value, Mapping):
        odd = next((key for key in value if not isinstance(key, str)), None)
        if odd is not None:
            return "wrong_type", f"has a name that is {kind_of(odd)}; names are text"
        inside = list(chain(value, value.values()))
    return next((fault for item in inside if (fault := _fault_of(item, depth - 1))), None)
