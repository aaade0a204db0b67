"""How faults are put into words: values shown safely, the nearest name, a list of names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST_SHOWN = 60
MOST_LISTED = 20
LARGEST_SHOWN = 10**18

UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")

KINDS = {
    bool: "true or false",
    str: "text",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    type(None): "null",
}


def keepable(words: str) -> str:
    """With spaces for what not every database, encoder and terminal takes: not all words are ours to refuse."""
    return UNWANTED.sub(" ", words)


def shown(value: Any) -> str:
    """A caller's value inside a sentence: short, and printable wherever the sentence goes."""
    if isinstance(value, str):
        text = value[: LONGEST_SHOWN + 1]
    elif isinstance(value, int) and not -LARGEST_SHOWN < value < LARGEST_SHOWN:
        text = "a very large number" if value > 0 else "a very small number"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        text = f"{value}"
    else:
        text = kind_of(value)
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def kind_of(value: Any) -> str:
    """What JSON calls the type of a value."""
    return KINDS.get(type(value), f"a {type(value).__name__}")


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that was probably meant."""
    close = difflib.get_close_matches(word[:LONGEST_SHOWN].lower(), list(words), n=1)
    return close[0] if close else None


def listed(words: Sequence[str]) -> str:
    """Names in a row, cut where nobody would read on."""
    more = len(words) - MOST_LISTED
    return ", ".join(words[:MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def meant(word: str, words: Iterable[str]) -> str:
    """A second sentence with the nearest name, or nothing."""
    near = nearest(word, words)
    return f" Did you mean {near}?" if near else ""
