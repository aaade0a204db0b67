"""From a reading and a seed to a composed scene: the world, its light, and where everything stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from limner.engines.painter.colour import mix
from limner.engines.painter.dice import Dice
from limner.engines.painter.layout import Frame, Placed, arrange
from limner.engines.painter.lexicon import HABITATS
from limner.engines.painter.palettes import GROUNDS, PALETTES, Palette, under_weather
from limner.engines.painter.reading import Reading
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.svg import Light

SHORT = 1000.0
"""The shorter side of a scene in its own units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything the passes need; positions are in scene units, y down.

    `world` is land, shore, sea, lake, river, city, table, space, moon, underwater or abstract.
    `water` is the top and the bottom of the open water, where there is any.
    """

    width: float
    height: float
    world: str
    places: frozenset[str]
    reading: Reading
    palette: Palette
    horizon: float
    ground: tuple[str, str]
    water: tuple[float, float] | None
    sun: tuple[float, float]
    time: str
    weather: str | None
    season: str | None
    style: str
    tone: str
    light: Light
    placed: tuple[Placed, ...]
    dice: Dice = field(compare=False)

    @property
    def snowy(self) -> bool:
        return self.season == "winter" or "snow" in self.reading.weathers or self.world == "arctic"


def compose(reading: Reading, size: tuple[int, int], seed: int, options: Mapping[str, Any]) -> Scene:
    """A scene of `size` pixels; `options` outrank what the prompt says."""
    reading = _at_home(reading)
    dice = Dice(seed)
    width, height = (side * SHORT / min(size) for side in size)
    world = _world(reading)
    time = _time(reading, world, options, dice)
    weather = _weather(reading, options)
    palette = _palette(reading, world, time, weather)
    horizon, water = _horizon(world, height, _floats(reading), dice.named("horizon"))
    side = dice.named("sun").side()
    frame = Frame(width=width, height=height, horizon=horizon, water=water, world=world)
    return Scene(
        width=width,
        height=height,
        world=world,
        places=frozenset(reading.places),
        reading=reading,
        palette=palette,
        horizon=horizon,
        ground=_ground(reading, world),
        water=water,
        sun=_sun(palette, width, horizon, side, dice.named("sun height")),
        time=time,
        weather=weather,
        season=reading.season,
        style=str(options.get("style") or reading.style or "illustration"),
        tone=str(options.get("palette") or "natural"),
        light=_light(palette, side, time, str(options.get("style") or reading.style or "")),
        placed=arrange(reading, frame, dice.named("layout")),
        dice=dice,
    )


def _with_rowers(reading: Reading) -> Reading:
    """Whoever sits in a boat sits in a rowing boat: a sail would hide them."""
    manned = {tie.second for tie in reading.ties if tie.kind in {"in", "on"}}
    things = tuple(
        replace(thing, name="rowboat") if thing.name == "sailboat" and at in manned else thing
        for at, thing in enumerate(reading.things)
    )
    return replace(reading, things=things)


def _at_home(reading: Reading) -> Reading:
    """The reading with the place where its things live, when it names none itself."""
    reading = _with_rowers(reading)
    if reading.places:
        return reading
    homes = [HABITATS[thing.name] for thing in reading.things if thing.name in HABITATS]
    if len(homes) * 2 <= len(reading.things) or homes[0] in reading.banned:
        return reading
    return replace(reading, places=(homes[0],))


_BY_PLACE = (
    ("underwater", "underwater"),
    ("moon", "moon"),
    ("table", "table"),
    ("beach", "shore"),
    ("lake", "lake"),
    ("river", "river"),
    ("sea", "sea"),
    ("city", "city"),
)
_LANDS = {"mountains", "hills", "forest", "desert", "meadow", "village", "arctic"}


def _world(reading: Reading) -> str:
    if reading.empty:
        return "abstract"
    homes = [THINGS[thing.name].home for thing in reading.things]
    for place, world in _BY_PLACE:
        if place in reading.places:
            return "lake" if world == "river" and "water" in homes else world
    if _LANDS & set(reading.places):
        return "lake" if "water" in homes else "land"
    if "space" in reading.places:
        return "moon" if "ground" in homes else "space"
    return _by_things({thing.name for thing in reading.things}) or _by_homes(homes, reading)


def _by_things(names: set[str]) -> str | None:
    """Where one looks for some things first."""
    if "astronaut" in names:
        return "moon"
    return "shore" if "lighthouse" in names else None


def _by_homes(homes: list[str], reading: Reading) -> str:
    if "sea" in homes and (homes.count("sea") < len(homes) or reading.time or reading.weathers):
        return "sea"
    if "sea" in homes:
        return "underwater"
    if "water" in homes:
        return "shore" if "ground" in homes and not reading.ties else "sea"
    if homes.count("space") == len(homes) > 0 and {"planet", "earth", "comet"} & {one.name for one in reading.things}:
        return "space"
    if "table" in homes and not (reading.weathers or reading.season or reading.time):
        return "table"
    return "land"


_OWN_TIME = {"underwater": "underwater", "space": "space", "moon": "space", "table": "indoor"}


def _time(reading: Reading, world: str, options: Mapping[str, Any], dice: Dice) -> str:
    if world in _OWN_TIME:
        return _OWN_TIME[world]
    named = str(options.get("time") or reading.time or "")
    if named:
        return named
    if reading.weathers & {"aurora"} or any(thing.name in _NIGHTLY for thing in reading.things):
        return "night"
    if reading.weathers & {"rain", "storm", "fog", "overcast", "rainbow", "snow"}:
        return "day"
    if "sun" in {thing.name for thing in reading.things}:
        return "day"
    return dice.named("time").pick(("day", "day", "golden", "golden", "dawn", "sunset"))


_NIGHTLY = {"moon", "crescent", "star", "ghost", "campfire", "comet", "lantern"}


def _weather(reading: Reading, options: Mapping[str, Any]) -> str | None:
    named = options.get("weather")
    if named:
        return str(named)
    for weather in ("storm", "rain", "snow", "fog", "overcast"):
        if weather in reading.weathers:
            return weather
    return None


def _palette(reading: Reading, world: str, time: str, weather: str | None) -> Palette:
    palette = PALETTES[time]
    if world not in {"underwater", "space", "moon", "table"} and weather:
        palette = under_weather(palette, weather)
    sky, sea = reading.tints.get("sky"), reading.tints.get("sea")
    if sky:
        palette = replace(
            palette,
            zenith=mix(palette.zenith, sky, 0.75),
            upper=mix(palette.upper, sky, 0.7),
            lower=mix(palette.lower, sky, 0.5),
            haze=mix(palette.haze, sky, 0.3),
        )
    return replace(palette, water=mix(palette.water, sea, 0.8)) if sea else palette


def _horizon(world: str, height: float, floats: bool, dice: Dice) -> tuple[float, tuple[float, float] | None]:
    """Where the land or the water begins, and the rows of open water."""
    share = {"sea": 0.52, "shore": 0.5, "lake": 0.56, "river": 0.56, "city": 0.6, "table": 0.6, "moon": 0.68}
    below = (1 - share.get(world, 0.62) + dice.between(-0.03, 0.03)) * height
    horizon = height - min(below, 1.1 * SHORT)
    rest = height - horizon
    if world == "sea":
        return horizon, (horizon, height)
    if world == "shore":
        return horizon, (horizon, horizon + rest * 0.46)
    if world == "city":
        return horizon, (horizon, height if floats else horizon + rest * 0.42)
    if world == "lake":
        return horizon, (horizon, horizon + rest * 0.66)
    return (height if world in {"space", "underwater", "abstract"} else horizon), None


def _floats(reading: Reading) -> bool:
    """Whether nothing asked for needs ground to stand on."""
    return all(THINGS[thing.name].home not in {"ground", "table"} for thing in reading.things)


def _ground(reading: Reading, world: str) -> tuple[str, str]:
    if world == "moon":
        return GROUNDS["moon"]
    far, near = _season_ground(reading, world)
    asked = reading.tints.get("ground")
    return (mix(far, asked, 0.6), mix(near, asked, 0.7)) if asked else (far, near)


def _season_ground(reading: Reading, world: str) -> tuple[str, str]:
    if reading.season == "winter" or "snow" in reading.weathers:
        return GROUNDS["snow"]
    if world == "shore":
        return GROUNDS["beach"]
    for place in ("arctic", "desert"):
        if place in reading.places:
            return GROUNDS[place]
    if reading.season == "autumn":
        return GROUNDS["autumn"]
    return next((GROUNDS[place] for place in reading.places if place in GROUNDS), GROUNDS["meadow"])


def _sun(palette: Palette, width: float, horizon: float, side: int, dice: Dice) -> tuple[float, float]:
    x = width * (0.5 + side * dice.between(0.16, 0.3))
    reach = min(horizon, 900.0)
    return x, max(horizon * 0.12, horizon - reach * (palette.altitude + dice.between(-0.02, 0.03)))


def _light(palette: Palette, side: int, time: str, style: str) -> Light:
    return Light(
        ambient=palette.ambient,
        haze=palette.haze,
        side=side,
        contrast=0.0 if style == "flat" else 1.0,
        night=time in {"night", "dusk"},
    )
