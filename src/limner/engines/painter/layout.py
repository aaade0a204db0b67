"""Where each thing goes: in rows by depth, at thirds, riders on their mounts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from limner.engines.painter.dice import Dice
from limner.engines.painter.reading import Reading, Tie, Wanted
from limner.engines.painter.subjects import THINGS, Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The room there is."""

    width: float
    height: float
    horizon: float
    water: tuple[float, float] | None
    world: str

    @property
    def room(self) -> float:
        """How high the tallest thing alone may be."""
        close = 1.25 if self.world == "table" else 1.0
        return close * min(self.height * 0.43, self.width * 0.56)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One thing in its place: `x`, `y` are its foot, `scale` is scene units per drawing unit, `far` is 0 near … 1 far.

    `base` is the foot of what carries it. `where` is ground, water, sky, deep (under water), held (carried by another).
    """

    name: str
    x: float
    y: float
    scale: float
    colour: str
    mirror: bool = False
    far: float = 0.0
    where: str = "ground"
    seated: bool = False
    turn: float = 0.0

    @property
    def thing(self) -> Thing:
        return THINGS[self.name]

    @property
    def high(self) -> float:
        return 100 * self.scale

    @property
    def wide(self) -> float:
        return self.thing.width * self.scale


@dataclass(frozen=True, slots=True)
class _Spot:
    """A foot in the scene, with the scale and the depth there."""

    x: float
    y: float
    scale: float
    far: float
    zone: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A thing with what it carries: the first is the carrier, offsets are in its drawing units."""

    root: Wanted
    riders: tuple[tuple[str, Wanted], ...] = ()
    aloft: bool = False

    @property
    def thing(self) -> Thing:
        return THINGS[self.root.name]

    @property
    def weight(self) -> float:
        """How high it is drawn beside other things: real sizes, much compressed."""
        return min(1.9, max(0.42, math.pow(self.thing.size / 1.8, 0.3))) * self.root.size

    @property
    def extent(self) -> float:
        """Height over the root's own height."""
        return max([1.0, *(self._reach(kind, rider) for kind, rider in self.riders)])

    def _reach(self, kind: str, rider: Wanted) -> float:
        relative = _rider_scale(self.thing, rider)
        if kind == "under":
            return 1.0
        astride = kind == "on" and self.thing.seat is not None and THINGS[rider.name].seated is not None
        return -_hold(self.thing, kind, relative)[1] / 100 + relative * (0.66 if astride else 1.0)


def arrange(reading: Reading, frame: Frame, dice: Dice) -> tuple[Placed, ...]:
    """Everything placed, far things first."""
    groups = _groups(reading)
    found: list[Placed] = []
    for zone in ("sky", "deep", "water", "ground"):
        members = [group for group in groups if _zone(group, frame) == zone]
        share = 1.0 if len({_zone(group, frame) for group in groups}) < 2 else 0.86
        found += _zone_layout(members, zone, frame, share, dice.named(zone))
    return tuple(sorted(found, key=lambda placed: -placed.far))


def _zone(group: _Group, frame: Frame) -> str:
    thing = group.thing
    if frame.world in {"underwater", "space"}:
        return "deep"
    if thing.home in {"sky", "space"} or group.aloft:
        return "sky"
    if thing.home in {"water", "sea"} and frame.water:
        return "water"
    if frame.world == "sea":
        return "water"
    return "ground"


def _groups(reading: Reading) -> list[_Group]:
    """Carriers with what they carry, or shelter."""
    carried: dict[int, list[tuple[str, Wanted]]] = {}
    aloft = {tie.first for tie in reading.ties if tie.kind == "above"}
    gone: set[int] = set()
    for tie in reading.ties:
        kind, upper, lower = _roles(reading, tie)
        if kind and not {upper, lower} & gone and upper not in carried:
            carried.setdefault(lower, []).append((kind, reading.things[upper]))
            gone.add(upper)
    return [
        _Group(thing, tuple(carried.get(at, ())), at in aloft)
        for at, thing in enumerate(reading.things)
        if at not in gone
    ]


def _roles(reading: Reading, tie: Tie) -> tuple[str | None, int, int]:
    """What the tie means here, what is carried, and what carries it."""
    first, second = reading.things[tie.first], reading.things[tie.second]
    if tie.kind in {"on", "in"} and _can_carry(second):
        return tie.kind, tie.first, tie.second
    if second.name == "umbrella" and tie.kind in {"under", "beside"}:
        return "over", tie.second, tie.first
    if (
        tie.kind == "under"
        and THINGS[second.name].home == "ground"
        and THINGS[second.name].size > THINGS[first.name].size
    ):
        return "under", tie.first, tie.second
    return None, tie.first, tie.second


def _can_carry(wanted: Wanted) -> bool:
    thing = THINGS[wanted.name]
    return thing.seat is not None or thing.top is not None


def _rider_scale(carrier: Thing, rider: Wanted) -> float:
    """How large a rider is beside what carries it (1: the same height)."""
    ratio = THINGS[rider.name].size / carrier.size
    if carrier.seat is not None:
        return min(1.25, max(0.55, math.pow(ratio, 0.6)))
    return min(1.6, max(0.4, math.pow(ratio, 0.45)))


def _zone_layout(groups: list[_Group], zone: str, frame: Frame, share: float, dice: Dice) -> list[Placed]:
    slots = [_one_of(group) for group in groups for _ in range(group.root.count)]
    if not slots:
        return []
    if zone in {"sky", "deep"}:
        return _scatter(slots, zone, (frame, share), dice)
    return _rows(slots, zone, (frame, share), dice)


def _one_of(group: _Group) -> _Group:
    return replace(group, root=replace(group.root, count=1))


def _rows(slots: list[_Group], zone: str, room: tuple[Frame, float], dice: Dice) -> list[Placed]:
    """One to four rows, tall things behind; each row spread over the width."""
    frame, share = room
    rows = 1 if len(slots) <= 3 else 2 if len(slots) <= 7 else 3 if len(slots) <= 14 else 4
    order = sorted(range(len(slots)), key=lambda at: (-slots[at].weight * slots[at].extent, at))
    unit = _unit(slots, rows, frame, share)
    found: list[Placed] = []
    for row in range(rows):
        members = [slots[at] for place, at in enumerate(order) if place * rows // len(order) == row]
        far = 0.0 if rows == 1 else 0.75 * (1 - row / (rows - 1))
        found += _row(dice.named(f"row {row}").shuffled(members), zone, (far, unit), frame, dice.named(f"places {row}"))
    return found


def _unit(slots: list[_Group], rows: int, frame: Frame, share: float) -> float:
    """The height of a thing of weight 1, such that all fit."""
    tallest = max(slot.weight * slot.extent for slot in slots)
    wide = sum(slot.weight * slot.thing.width / 100 for slot in slots) / rows
    grown = (1.14 if len(slots) <= 2 else 1.06) * (1.3 if tallest > 1.3 * max(slot.weight for slot in slots) else 1.0)
    return share * min(
        frame.room * grown * min(1.3, max(slot.root.size for slot in slots)) / tallest, frame.width * 0.86 / wide
    )


def _row(members: list[_Group], zone: str, depth: tuple[float, float], frame: Frame, dice: Dice) -> list[Placed]:
    far, unit = depth
    shrink = 1 - 0.5 * far
    sizes = [slot.weight * unit * shrink for slot in members]
    widths = [size * slot.thing.width / 100 for size, slot in zip(sizes, members, strict=True)]
    gap = (frame.width * 0.94 - sum(widths)) / (len(members) + 1)
    pitch = frame.width * 0.94 / len(members)
    x = (
        frame.width * 0.03
        + gap
        + (0.0 if not far or len(members) == 1 else pitch * (0.25 if round(far * 8) % 2 else -0.25))
    )
    if len(members) == 1 and gap > 0:
        x = frame.width * (0.5 + dice.side() * dice.between(0.02, 0.12)) - widths[0] / 2
    found: list[Placed] = []
    stagger = _stagger(len(members), dice)
    for at, (slot, full, width) in enumerate(zip(members, sizes, widths, strict=True)):
        size = full * (1 - 0.5 * stagger[at])
        y = _foot(zone, far + stagger[at], frame) - (size * 0.1 if slot.weight > 1.3 else 0)
        shift = dice.between(-0.25, 0.25) * max(0.0, gap) if len(members) > 1 else 0.0
        spot = _Spot(x + width / 2 + shift, y, size / 100, far + stagger[at], zone)
        found += _stand(slot, spot, dice)
        x += width + gap
    return found


def _stagger(count: int, dice: Dice) -> list[float]:
    """How much further back each of a row stands, so that it is no parade."""
    if count == 1:
        return [0.0]
    first = dice.whole(0, 1)
    return [(0.34 if (at + first) % 2 else 0.0) + dice.between(0.0, 0.12) for at in range(count)]


def _foot(zone: str, far: float, frame: Frame) -> float:
    """The y on which a thing stands or floats, by how far it is."""
    if zone == "water" and frame.water:
        top, bottom = frame.water
        near = top + (bottom - top) * (0.62 if bottom >= frame.height else 0.72)
    else:
        top = frame.water[1] if frame.water and frame.water[1] < frame.height else frame.horizon
        near = top + (frame.height - top) * 0.76
    return near + (top + (near - top) * 0.12 - near) * max(0.0, far)


def _stand(group: _Group, spot: _Spot, dice: Dice) -> list[Placed]:
    """A thing and what it carries; those inside it are drawn before it."""
    thing, mirror = group.thing, dice.chance(0.5)
    own = Placed(
        name=group.root.name,
        x=spot.x - thing.middle * spot.scale * (-1 if mirror else 1),
        y=spot.y,
        scale=spot.scale,
        colour=_colour(group.root, dice),
        mirror=mirror,
        far=spot.far,
        where=spot.zone,
    )
    carried = [(kind, _carried(own, kind, rider, at)) for at, (kind, rider) in enumerate(_each(group.riders))]
    before = [placed for kind, placed in carried if kind == "in"]
    return [*before, own, *(placed for kind, placed in carried if kind != "in")]


def _colour(wanted: Wanted, dice: Dice) -> str:
    """The colour asked for, or its own; of "many" each one gets another."""
    if wanted.colour == "many":
        return dice.named("colour").pick(_BRIGHT)
    return wanted.colour or THINGS[wanted.name].colour


_BRIGHT = ("#dc4a3c", "#f0a030", "#f2cf4a", "#4fa862", "#3f86cf", "#8a5fc8", "#e56f9c", "#2fa8a0")


def _each(riders: tuple[tuple[str, Wanted], ...]) -> list[tuple[str, Wanted]]:
    """Three cats on a book are three riders; more than four do not fit."""
    return [(kind, rider) for kind, rider in riders for _ in range(min(4, rider.count))]


def _carried(carrier: Placed, kind: str, rider: Wanted, place: int) -> Placed:
    thing = THINGS[rider.name]
    relative = _rider_scale(carrier.thing, rider) * min(1.4, rider.size)
    across, up = _hold(carrier.thing, kind, relative)
    facing = -1 if carrier.mirror else 1
    return Placed(
        name=rider.name,
        x=carrier.x + facing * (across + (0, 30, -30, 58)[place % 4] * relative * thing.width / 60) * carrier.scale,
        y=carrier.y + up * carrier.scale,
        scale=carrier.scale * relative,
        colour=_colour(rider, Dice(place)),
        mirror=carrier.mirror,
        far=carrier.far,
        where="ground" if kind == "under" else "held",
        seated=kind == "on" and carrier.thing.seat is not None and thing.seated is not None,
    )


def _hold(carrier: Thing, kind: str, relative: float) -> tuple[float, float]:
    """Where on the carrier, in its drawing units, the foot of what it carries is."""
    if kind == "over":
        return carrier.width * 0.2, -100 + 46 * relative
    if kind == "under":
        return carrier.width * 0.24, 3.0
    across, up = carrier.seat or (0.0, carrier.top or -100.0)
    return across, up + (30 * relative if kind == "in" else 0)


def _scatter(slots: list[_Group], zone: str, room: tuple[Frame, float], dice: Dice) -> list[Placed]:
    """Loosely spread over the sky, or over the whole picture under water and in space."""
    frame, share = room
    top, bottom = (0.05, 0.62 if share < 1 else 0.8) if zone == "sky" else (0.14, 0.92)
    depth = frame.horizon if zone == "sky" else frame.height
    depth = min(depth, frame.width * 1.6) if zone == "sky" else depth
    columns = max(1, math.ceil(math.sqrt(len(slots) * frame.width / max(depth * (bottom - top), 1))))
    columns = min(columns, len(slots))
    rows = math.ceil(len(slots) / columns)
    cell = (frame.width * 0.92 / columns, depth * (bottom - top) / rows)
    found: list[Placed] = []
    for at, slot in enumerate(dice.named("order").shuffled(slots)):
        own = dice.named(f"slot {at}")
        row, column = divmod(at, columns)
        inset = (columns - (len(slots) - row * columns)) / 2 if row == rows - 1 else 0
        high = _scatter_height(slot, cell, frame, len(slots)) * (own.between(0.6, 1.0) if len(slots) > 1 else 1.0)
        x = frame.width * 0.04 + cell[0] * (column + inset + 0.5) + own.between(-0.16, 0.16) * cell[0]
        y = depth * top + cell[1] * (row + 0.5) + own.between(-0.18, 0.18) * cell[1] + high / 2
        half = min(frame.width / 2, high * slot.thing.width / 200)
        x = min(max(x, half), frame.width - half)
        y = max(y, high * 1.16 + frame.height * 0.02)
        if zone == "sky":
            y = min(y, max(frame.horizon * (0.7 if share < 1 else 0.96), high * 1.16))
        found += _stand(slot, _Spot(x, y, high / 100, 0.3 if zone == "sky" else 0.0, zone), own)
    return found


def _scatter_height(slot: _Group, cell: tuple[float, float], frame: Frame, count: int) -> float:
    room = min(cell[1] * 0.86, cell[0] * 0.86 / max(0.2, slot.thing.width / 100)) / slot.extent
    wish = (
        frame.room
        * (0.95 if count == 1 else 0.7)
        * min(1.25, slot.weight)
        * (0.45 if slot.thing.home == "space" else 1)
    )
    widest = frame.width * 0.94 * 100 / slot.thing.width
    return min(room * min(1.3, slot.root.size), wish, widest)
