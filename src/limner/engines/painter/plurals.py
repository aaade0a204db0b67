"""From many to one."""

from __future__ import annotations

from collections.abc import Iterator

_ODD = {
    "people": "person",
    "men": "man",
    "women": "woman",
    "children": "child",
    "wolves": "wolf",
    "mice": "mouse",
    "geese": "goose",
    "leaves": "leaf",
    "snowmen": "snowman",
    "spacemen": "spaceman",
    "fishermen": "fisherman",
    "cacti": "cactus",
    "knives": "knife",
    "calves": "calf",
    "loaves": "loaf",
    "ponies": "pony",
}


def singulars(phrase: str) -> Iterator[str]:
    """What a phrase may be the plural of, best guess first."""
    head, _, last = phrase.rpartition(" ")
    start = f"{head} " if head else ""
    if last in _ODD:
        yield start + _ODD[last]
    if last.endswith("ies"):
        yield start + last[:-3] + "y"
    if last.endswith("es"):
        yield start + last[:-2]
    if last.endswith("s") and not last.endswith("ss"):
        yield start + last[:-1]
