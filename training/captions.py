"""What captions say: things under their names and synonyms, in a style, at a place."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

EMPTY = 0.1
"""How often there is no caption: guidance needs a model that can paint without one."""
OWN_NAME = 0.6
TINTED = 0.25
"""How often a thing gets another colour than its own."""
VOWEL_AHEAD = re.compile(r"\ba (?=(?!uni(?![mn])|ukulele|eu|one)[aeiou]|hour)")
"""As it is spoken: an owl and an hourglass, but a unicorn."""
COMMON = 2
"""A synonym of more things than this says too little; one that is the name of another thing says something wrong."""

Colour = tuple[float, float, float]


class Choice(NamedTuple):
    """What a picture shows, as numbers in the lists of things, styles, places and tints."""

    concept: int
    style: int
    place: int
    tint: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Colours from 0 to 1: of the top, of the bottom, and of the ground where there is one."""

    names: tuple[str, ...]
    top: Colour
    bottom: Colour
    ground: Colour | None = None


PLACES = (
    Place(("on white", "on a white background", "alone"), (1.0, 1.0, 1.0), (0.96, 0.96, 0.96)),
    Place(("on black", "in the dark", "on a black background"), (0.06, 0.06, 0.07), (0.0, 0.0, 0.0)),
    Place(("on red", "on a red background"), (0.86, 0.2, 0.2), (0.75, 0.13, 0.15)),
    Place(("on yellow", "on a yellow background"), (0.99, 0.86, 0.3), (0.96, 0.76, 0.16)),
    Place(("on blue", "on a blue background"), (0.25, 0.45, 0.85), (0.16, 0.32, 0.72)),
    Place(("on green", "on a green background"), (0.4, 0.75, 0.4), (0.25, 0.6, 0.3)),
    Place(("on pink", "on a pink background"), (0.99, 0.75, 0.82), (0.95, 0.6, 0.72)),
    Place(("on purple", "on a purple background"), (0.55, 0.35, 0.75), (0.4, 0.22, 0.6)),
    Place(("on grass", "in a meadow", "in a garden"), (0.55, 0.8, 0.98), (0.8, 0.93, 1.0), (0.36, 0.65, 0.26)),
    Place(("in snow", "in the snow", "in winter"), (0.65, 0.78, 0.9), (0.85, 0.92, 0.97), (0.97, 0.98, 1.0)),
    Place(("at night", "under the night sky"), (0.03, 0.05, 0.2), (0.13, 0.15, 0.4), (0.06, 0.1, 0.12)),
    Place(("at sunset", "in the evening"), (0.45, 0.25, 0.5), (0.99, 0.6, 0.3), (0.3, 0.18, 0.22)),
    Place(("on the beach", "in the desert", "on sand"), (0.45, 0.75, 0.95), (0.8, 0.93, 1.0), (0.93, 0.82, 0.58)),
    Place(("at sea", "on the water", "on a lake"), (0.6, 0.82, 0.97), (0.85, 0.94, 1.0), (0.12, 0.42, 0.66)),
)
TINTS: dict[str, Colour | None] = {
    "": None,
    "red": (0.88, 0.16, 0.16),
    "orange": (0.96, 0.52, 0.1),
    "yellow": (0.97, 0.82, 0.12),
    "green": (0.2, 0.65, 0.25),
    "blue": (0.15, 0.38, 0.85),
    "purple": (0.5, 0.22, 0.72),
    "pink": (0.97, 0.5, 0.68),
    "brown": (0.5, 0.32, 0.18),
}
"""Colours that a thing may be given in place of its own, under their names; the first leaves it as it was drawn."""
TEMPLATES = (
    "a {thing} {place}",
    "{thing} {place}",
    "a {style} {thing} {place}",
    "{style} {thing} {place}",
    "{thing}, {style}, {place}",
    "{place}, a {thing}",
    "picture of a {thing} {place}, {style}",
    "a {thing}",
)


def held_out(concept: int, place: int) -> bool:
    """A fifth of all pairs: never shown to the painter, asked for by the evaluation."""
    return (concept * 7 + place * 3) % 5 == 0


def drawn_tint(dice: random.Random) -> int:
    """Mostly none."""
    return dice.randrange(1, len(TINTS)) if dice.random() < TINTED else 0


def withheld(concept: int, style: int, styles: int) -> bool:
    """Some things are never shown in one of the styles."""
    return concept % 16 == 3 and style == (concept // 16) % styles


class Captions:
    """Writes captions; `dice` decide the words."""

    def __init__(self, concepts: list[dict], styles: list[str], dice: random.Random) -> None:
        counts = Counter(word for concept in concepts for word in set(concept["synonyms"]))
        self.names = [concept["name"] for concept in concepts]
        self.styles = styles
        names = set(self.names)
        self._synonyms = [
            [word for word in concept["synonyms"] if counts[word] <= COMMON and word not in names] or [concept["name"]]
            for concept in concepts
        ]
        self._dice = dice

    @classmethod
    def read(cls, banks: Path, styles: list[str], seed: int) -> Captions:
        return cls(json.loads((banks / "concepts.json").read_text("utf-8")), styles, random.Random(seed))

    def caption(self, choice: Choice) -> str:
        if self._dice.random() < EMPTY:
            return ""
        concept = choice.concept
        own = self._dice.random() < OWN_NAME
        text = self._dice.choice(TEMPLATES).format(
            thing=tinted(self.names[concept] if own else self._dice.choice(self._synonyms[concept]), choice.tint),
            style=self.styles[choice.style],
            place=self._dice.choice(PLACES[choice.place].names),
        )
        return spoken(text)

    def plain(self, choice: Choice) -> str:
        """What the evaluation asks for: all in the simplest words."""
        thing = tinted(self.names[choice.concept], choice.tint)
        return spoken(f"a {self.styles[choice.style]} {thing} {PLACES[choice.place].names[0]}")


def spoken(text: str) -> str:
    """With single spaces and the right article."""
    return VOWEL_AHEAD.sub("an ", " ".join(text.split()))


def tinted(thing: str, tint: int) -> str:
    return f"{list(TINTS)[tint]} {thing}".strip()
