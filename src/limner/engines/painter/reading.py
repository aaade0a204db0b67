"""Reads a prompt: which things, how many, what colours, where, when, in what style, and which words it missed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from limner.engines.painter import lexicon
from limner.engines.painter.plurals import singulars

MOST = 24
"""More of one thing than this is not painted."""

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_LONGEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One kind of thing to paint. `size` 1 is its own size."""

    name: str
    count: int = 1
    colour: str | None = None
    size: float = 1.0


@dataclass(frozen=True, slots=True)
class Tie:
    """How two things belong together: the first is `kind` (on, in, under, above …) the second; indexes into things."""

    kind: str
    first: int
    second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a prompt means to the painter. `tints` are colours asked for the sky, the ground and the sea."""

    things: tuple[Wanted, ...] = ()
    ties: tuple[Tie, ...] = ()
    time: str | None = None
    weathers: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    season: str | None = None
    style: str | None = None
    water: str | None = None
    tints: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    too_many: tuple[str, ...] = ()
    banned: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Nothing to paint was understood; a style alone is not a subject."""
        return not (self.things or self.time or self.weathers or self.places or self.season or self.tints)


@dataclass(frozen=True, slots=True)
class _Sign:
    """One word or phrase with its meaning."""

    kind: str
    meaning: str
    text: str
    plural: bool = False


def read(prompt: str, negative: str | None = None) -> Reading:
    """Read a prompt, then take out what `negative` names."""
    reader = _Reader()
    for sign in _signs(prompt):
        reader.take(sign)
    return without(reader.finish(), _named(negative or ""))


def without(reading: Reading, banned: frozenset[str]) -> Reading:
    """The reading with the banned things, weathers, places, times and styles left out."""
    if not banned:
        return reading
    kept = [at for at, thing in enumerate(reading.things) if thing.name not in banned]
    renumbered = {old: new for new, old in enumerate(kept)}
    gone = tuple(thing.name for thing in reading.things if thing.name in banned)
    return replace(
        reading,
        things=tuple(reading.things[at] for at in kept),
        ties=tuple(
            Tie(tie.kind, renumbered[tie.first], renumbered[tie.second])
            for tie in reading.ties
            if tie.first in renumbered and tie.second in renumbered
        ),
        time=None if reading.time in banned else reading.time,
        weathers=reading.weathers - banned,
        places=tuple(place for place in reading.places if place not in banned),
        season=None if reading.season in banned else reading.season,
        style=None if reading.style in banned else reading.style,
        left_out=(*reading.left_out, *gone),
        banned=reading.banned | banned,
    )


class _Reader:
    """Takes the signs of a prompt in order; colours, counts and sizes wait for the noun they belong to."""

    def __init__(self) -> None:
        self._things: list[Wanted] = []
        self._ties: list[Tie] = []
        self._single: dict[str, str] = {}
        self._weathers: set[str] = set()
        self._places: list[str] = []
        self._tints: dict[str, str] = {}
        self._unknown: list[str] = []
        self._too_many: list[str] = []
        self._banned: set[str] = set()
        self._forget()
        self._relation: str | None = None
        self._no = False

    def take(self, sign: _Sign) -> None:
        getattr(self, f"_{sign.kind}")(sign)

    def finish(self) -> Reading:
        self._give_last_colour()
        reading = Reading(
            things=tuple(self._things),
            ties=tuple(self._ties),
            time=self._single.get("time"),
            weathers=frozenset(self._weathers),
            places=tuple(dict.fromkeys(self._places)),
            season=self._single.get("season"),
            style=self._single.get("style"),
            water=self._single.get("water"),
            tints=self._tints,
            unknown=tuple(dict.fromkeys(self._unknown)),
            too_many=tuple(self._too_many),
        )
        return without(reading, frozenset(self._banned))

    def _forget(self) -> None:
        self._count: int | None = None
        self._colour: str | None = None
        self._size = 1.0
        self._field = False

    def _give_last_colour(self) -> None:
        if self._colour and self._things and self._things[-1].colour is None:
            self._things[-1] = replace(self._things[-1], colour=self._colour)

    def _thing(self, sign: _Sign) -> None:
        if self._refused(sign):
            return
        many = sign.plural or (self._count is None and sign.text in lexicon.SAME_IN_PLURAL)
        count = self._count or (3 if many else 1)
        if sign.plural and count == 1:
            count = 3
        if count > MOST:
            self._too_many.append(sign.text)
        if count > 2 and sign.meaning in lexicon.MANY_COLOURED:
            self._colour = self._colour or "many"
        self._things.append(Wanted(name=sign.meaning, count=min(count, MOST), colour=self._colour, size=self._size))
        self._tie()
        self._forget()

    def _tie(self) -> None:
        last = len(self._things) - 1
        if self._relation and last > 0:
            self._ties.append(Tie(self._relation, last - 1, last))
        self._relation = None

    def _place(self, sign: _Sign) -> None:
        if self._refused(sign):
            return
        if self._colour and self._colour != "many":
            self._tints["sea" if sign.meaning in _WATERS else "ground"] = self._colour
        self._places.append(sign.meaning)
        self._relation = None
        self._forget()
        self._field = sign.meaning == "meadow"

    def _weather(self, sign: _Sign) -> None:
        if not self._refused(sign):
            self._weathers.add(sign.meaning)
            self._relation = None
            self._forget()

    def _tint(self, sign: _Sign) -> None:
        if self._colour and self._colour != "many":
            self._tints[sign.meaning] = self._colour
        self._colour = None
        self._relation = None

    def _time(self, sign: _Sign) -> None:
        self._set("time", sign)

    def _season(self, sign: _Sign) -> None:
        self._set("season", sign)

    def _style(self, sign: _Sign) -> None:
        self._set("style", sign)

    def _water(self, sign: _Sign) -> None:
        self._set("water", sign)

    def _set(self, kind: str, sign: _Sign) -> None:
        if not self._refused(sign):
            self._single.setdefault(kind, sign.meaning)

    def _colour_word(self, sign: _Sign) -> None:
        self._colour = self._colour or sign.meaning

    def _number(self, sign: _Sign) -> None:
        number = int(sign.meaning)
        if self._count and number >= 12:
            number *= self._count
        self._count = min(number, 10**6)

    def _size_word(self, sign: _Sign) -> None:
        self._size = float(sign.meaning)

    def _relate(self, sign: _Sign) -> None:
        self._give_last_colour()
        self._colour = None
        if sign.meaning != "beside" or self._relation is None:
            self._relation = sign.meaning

    def _no_word(self, _sign: _Sign) -> None:
        self._no = True

    def _stop(self, sign: _Sign) -> None:
        """Nothing to paint, but "a field of" means many."""
        if sign.text == "of" and self._field:
            self._count = 12

    def _mystery(self, sign: _Sign) -> None:
        if self._no:
            self._no = False
        else:
            self._unknown.append(sign.text)
        self._relation = None
        self._forget()

    def _refused(self, sign: _Sign) -> bool:
        """Whether "no" or "without" stood before it."""
        if self._no:
            self._banned.add(sign.meaning)
            self._no = False
            self._forget()
            return True
        return False


_WATERS = frozenset({"sea", "lake", "river"})


def _index() -> Mapping[str, _Sign]:
    """Every word and phrase, with what it means; later tables give way to earlier ones."""
    index: dict[str, _Sign] = {}
    for kind, table in (
        ("style", lexicon.STYLES),
        ("thing", lexicon.THING_WORDS),
        ("place", lexicon.PLACES),
        ("time", lexicon.TIMES),
        ("weather", lexicon.WEATHERS),
        ("season", lexicon.SEASONS),
        ("water", lexicon.WATER_MOODS),
        ("relate", lexicon.RELATIONS),
    ):
        for meaning, names in table.items():
            for name in _names(names):
                index.setdefault(name, _Sign(kind, meaning, name))
    for word, colour in lexicon.COLOURS.items():
        index.setdefault(word, _Sign("colour_word", colour, word))
    for word, count in lexicon.COUNTS.items():
        index.setdefault(word, _Sign("number", str(count), word))
    for word, size in lexicon.SIZES.items():
        index.setdefault(word, _Sign("size_word", str(size), word))
    for word in lexicon.NO:
        index.setdefault(word, _Sign("no_word", word, word))
    for word, part in (("sky", "sky"), ("ground", "ground"), ("land", "ground"), ("water", "sea")):
        index.setdefault(word, _Sign("tint", part, word))
    for word in lexicon.STOP_WORDS:
        index.setdefault(word, _Sign("stop", word, word))
    return index


def _names(names: str) -> list[str]:
    return names.split("|") if "|" in names else names.split()


_INDEX = _index()


def _signs(prompt: str) -> Iterator[_Sign]:
    """The words and phrases of a prompt with their meanings, the longest phrase first."""
    words = list(_words(prompt))
    at = 0
    while at < len(words):
        sign, length = _longest(words, at)
        yield sign
        at += length


def _longest(words: list[str], at: int) -> tuple[_Sign, int]:
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        sign = _meaning(" ".join(words[at : at + length]))
        if sign:
            return sign, length
    return _unknown(words[at]), 1


def _unknown(word: str) -> _Sign:
    parts = word.split("-")
    if len(parts) > 1 and all(_meaning(part) for part in parts):
        return _meaning(parts[-1]) or _Sign("stop", word, word)
    if word.isdigit():
        return _Sign("number", str(max(1, int(word[:6]))), word)
    return _Sign("mystery", word, word)


def _meaning(phrase: str) -> _Sign | None:
    if phrase in _INDEX:
        return _INDEX[phrase]
    for singular in singulars(phrase):
        if singular in _INDEX and _INDEX[singular].kind in {"thing", "place", "weather", "style"}:
            return replace(_INDEX[singular], text=phrase, plural=True)
    return None


def _words(prompt: str) -> Iterable[str]:
    plain = unicodedata.normalize("NFKC", prompt).lower().replace("’", "'")
    for word in _WORD.findall(plain):
        yield word.removesuffix("'s")


def _named(negative: str) -> frozenset[str]:
    """What a negative prompt names."""
    kinds = {"thing", "place", "weather", "time", "season", "style"}
    return frozenset(sign.meaning for sign in _signs(negative) if sign.kind in kinds)
