"""Mountains, hills, woods, dunes and the ground in front."""

from __future__ import annotations

import math
from dataclasses import replace

from limner.engines.painter.canvas import Canvas
from limner.engines.painter.city import draw_skyline, draw_village
from limner.engines.painter.colour import darker, lighter, lit, mix
from limner.engines.painter.curves import Point, polygon, ridge
from limner.engines.painter.dice import Dice
from limner.engines.painter.scene import Scene
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.svg import Light, Pen
from limner.engines.painter.worlds import paint_depths

_PLAIN = Light()


def paint_distance(canvas: Canvas, scene: Scene) -> None:
    """What stands along the horizon."""
    if scene.world == "underwater":
        paint_depths(canvas, scene)
    if scene.world in {"underwater", "space", "abstract", "table", "moon"}:
        return
    pen = Pen(_PLAIN)
    if "mountains" in scene.places or "arctic" in scene.places or scene.world == "lake":
        _mountains(pen, scene)
    elif scene.world in {"sea", "shore"}:
        _far_coast(pen, scene)
    if scene.world == "city":
        draw_skyline(pen, scene)
    elif scene.world in {"land", "lake", "river"}:
        _hills(pen, scene)
    canvas.lay(pen)


def _mountains(pen: Pen, scene: Scene) -> None:
    rock = "#7d8aa0" if "arctic" not in scene.places else "#a9c4de"
    foot = scene.horizon + 30
    for at, (high, share) in enumerate(((400, 0.62), (290, 0.4), (170, 0.2))):
        dice = scene.dice.named(f"range {at}")
        line = ridge(dice, scene.width, (scene.horizon - min(high, scene.horizon * 0.6), foot - 70), 0.46, 4)
        colour = mix(lit(rock, scene.palette.ambient), scene.palette.haze, share)
        _range(pen, scene, line, colour, foot)
        pen.veil(_band(0, scene.width, foot - high * 0.55, foot), scene.palette.haze, (0, 0.75))


def _range(pen: Pen, scene: Scene, line: list[Point], colour: str, foot: float) -> None:
    """A mountain range with a lit and a dark side to every peak, and snow on the high ones."""
    pen.flat(polygon([*line, (scene.width, foot), (0, foot)]), colour)
    dice, side = scene.dice.named(f"faces {foot} {colour}"), scene.light.side
    shade, snow = darker(colour, 0.24), mix(lit("#ffffff", scene.palette.ambient), scene.palette.haze, 0.12)
    top = min(y for _, y in line)
    for at in range(1, len(line) - 1):
        x, y = line[at]
        if not (y < line[at - 1][1] and y < line[at + 1][1]):
            continue
        slope = _slope(line, at, -side, foot)
        crest = _crest(dice, (x, y), foot - (foot - y) * 0.25)
        pen.flat(polygon([*slope, *reversed(crest)]), shade, opacity=0.6)
        if y < top + (foot - top) * 0.6:
            _snow_cap(pen, dice, line, at, snow)


def _slope(line: list[Point], at: int, step: int, foot: float) -> list[Point]:
    """The ridge from a peak down one side."""
    found = [line[at]]
    while 0 <= at + step < len(line) and line[at + step][1] >= line[at][1] - 1:
        at += step
        found.append(line[at])
    return [*found, (found[-1][0], min(foot, found[-1][1] + 1))]


def _crest(dice: Dice, peak: Point, bottom: float) -> list[Point]:
    found, x, y = [peak], peak[0], peak[1]
    while y < bottom:
        x += dice.between(-22, 22)
        y += dice.between(18, 40)
        found.append((x, min(y, bottom)))
    return found


def _snow_cap(pen: Pen, dice: Dice, line: list[Point], at: int, snow: str) -> None:
    left = line[max(0, at - 1)]
    right = line[min(len(line) - 1, at + 1)]
    x, y = line[at]
    deep = dice.between(0.55, 0.9)
    start = (x + (left[0] - x) * deep, y + (left[1] - y) * deep)
    end = (x + (right[0] - x) * deep, y + (right[1] - y) * deep)
    ragged = [
        (
            end[0] + (start[0] - end[0]) * share,
            max(start[1], end[1]) * 0.4 + (start[1] + (end[1] - start[1]) * (1 - share)) * 0.6 + dice.between(-4, 16),
        )
        for share in (0.2, 0.4, 0.6, 0.8)
    ]
    pen.flat(polygon([start, (x, y), end, *ragged]), snow, opacity=0.9)


def _far_coast(pen: Pen, scene: Scene) -> None:
    """A low headland on one side, so that the open sea has a far edge."""
    side = -scene.light.side
    for at, (reach, high, share) in enumerate(((0.5, 62, 0.72), (0.3, 92, 0.5))):
        dice = scene.dice.named(f"coast {at}")
        width = scene.width * reach * dice.between(0.8, 1.2)
        line = ridge(dice, width, (-high, -high * 0.3), 0.5, 4)
        line = [(x if side < 0 else scene.width - x, scene.horizon + y * (1 - x / width) - 1) for x, y in line]
        edge = 0.0 if side < 0 else scene.width
        tip = (line[-1][0], scene.horizon + 2)
        colour = mix(lit("#4f6b62", scene.palette.ambient), scene.palette.haze, share)
        pen.flat(polygon([(edge, scene.horizon + 2), *line, tip]), colour)


def _hills(pen: Pen, scene: Scene) -> None:
    """Soft ridges, each nearer one greener and darker, with mist between them."""
    layers = ((96, 0.62), (60, 0.36), (26, 0.16))
    dry = "desert" in scene.places
    for at, (high, share) in enumerate(layers):
        dice = scene.dice.named(f"hill {at}")
        foot = scene.horizon + 40
        tall = high * (1.5 if "hills" in scene.places else 1.2 if dry else 1.0)
        line = ridge(
            dice, scene.width, (scene.horizon - tall, scene.horizon - tall * 0.25), 0.3 if not dry else 0.42, 5
        )
        base = mix(scene.ground[0], "#46708a" if not (dry or scene.snowy) else scene.ground[1], share * 0.5)
        colour = mix(lit(base, scene.palette.ambient), scene.palette.haze, share)
        if at > 0:
            _tree_line(pen, scene, line, share, dice.named("trees"))
        pen.fade(polygon([*line, (scene.width, foot), (0, foot)]), (colour, mix(colour, scene.palette.haze, 0.35)))


def _tree_line(pen: Pen, scene: Scene, line: list[Point], share: float, dice: Dice) -> None:
    """Small trees along a ridge; a wood where a forest was asked for."""
    names = _trees(scene)
    if not names or "desert" in scene.places:
        return
    wooded = "forest" in scene.places
    light = replace(scene.light, haze_share=share * 0.9, contrast=scene.light.contrast * 0.6)
    step = 20 if wooded else 95
    x = dice.between(0, step)
    with pen.under(light):
        while x < min(scene.width, 4000):
            at = min(len(line) - 1, max(0, round(x / scene.width * (len(line) - 1))))
            size = (0.62 if wooded else 0.36) * dice.between(0.7, 1.3) * (1.3 - share)
            _plant(pen, scene, dice.pick(names), (x, line[at][1] + 10), size)
            x += step * dice.between(0.4, 1.6)


def _plant(pen: Pen, scene: Scene, name: str, foot: Point, size: float) -> None:
    with pen.moved(foot[0], foot[1], size):
        THINGS[name].draw(pen, plant_colour(scene, name))


def plant_colour(scene: Scene, name: str) -> str:
    """Leaves by season."""
    colour = THINGS[name].colour
    if scene.snowy:
        return mix(colour, "#eef5fb", 0.55)
    if scene.season == "autumn" and name == "tree":
        return "#d9822b"
    return "#eda3bd" if scene.season == "spring" and name == "tree" else colour


def paint_ground(canvas: Canvas, scene: Scene) -> None:
    """The ground in front, with what grows on it."""
    if scene.world not in {"land", "shore", "lake", "river", "city", "moon"}:
        return
    pen = Pen(_PLAIN)
    _near_ground(pen, scene)
    canvas.lay(pen)


def _near_ground(pen: Pen, scene: Scene) -> None:
    top = scene.water[1] if scene.water else scene.horizon
    far, near = (lit(colour, scene.palette.ambient) for colour in scene.ground)
    dice = scene.dice.named("near")
    line = ridge(dice, scene.width, (top - 16, top + 14), 0.3, 4)
    if scene.world == "shore":
        _surf(pen, scene, line)
    shape = polygon([*line, (scene.width, scene.height), (0, scene.height)])
    hazy = mix(far, scene.palette.haze, 0.28)
    pen.fade(shape, (hazy, mix(far, near, 0.9)))
    _swells(pen, scene, top, (far, near))
    if scene.world == "village" or "village" in scene.places:
        draw_village(pen, scene)
    if scene.world == "river":
        _river(pen, scene, top)
    if scene.world in {"land", "lake", "river"}:
        _stand_of_trees(pen, scene, top)
    _growth(pen, scene, top)


def _river(pen: Pen, scene: Scene, top: float) -> None:
    """A river winding to the front, as bright as the sky above it."""
    dice = scene.dice.named("river")
    depth, middle, swing = scene.height - top, scene.width * dice.between(0.4, 0.6), dice.side() * 150.0
    steps = 40
    left, right = [], []
    for at in range(steps + 1):
        share = at / steps
        half = 5 + 175 * share**1.7
        x = middle + swing * math.sin(share**0.6 * 7.5) * (0.15 + 1.25 * share)
        left.append((x - half, top - 4 + (depth + 8) * share))
        right.append((x + half, top - 4 + (depth + 8) * share))
    bank = [(x + 9 * (y - top) / depth, y + 5) for x, y in reversed(right)]
    pen.flat(
        polygon([*((x - 9 * (y - top) / depth, y + 5) for x, y in left), *bank]),
        darker(lit(scene.ground[1], scene.palette.ambient), 0.35),
    )
    pen.fade(
        polygon([*left, *reversed(right)]),
        (mix(scene.palette.horizon, scene.palette.glow, 0.3), mix(scene.palette.water, scene.palette.upper, 0.35)),
    )
    for _ in range(46):
        share = dice.unit() ** 0.7
        at = min(steps, round(share * steps))
        x = left[at][0] + (right[at][0] - left[at][0]) * dice.between(0.1, 0.7)
        long = (right[at][0] - left[at][0]) * dice.between(0.08, 0.28)
        pen.line(
            f"M{x:.0f} {left[at][1]:.0f}h{long:.0f}",
            lighter(scene.palette.horizon, 0.4),
            0.8 + 2.2 * share,
            opacity=0.5,
        )


def _stand_of_trees(pen: Pen, scene: Scene, top: float) -> None:
    """Trees at the sides, nearer than the far ones: they lead the eye in."""
    dice = scene.dice.named("stand")
    names = _trees(scene)
    if not names:
        return
    depth, wooded = scene.height - top, "forest" in scene.places
    width = min(scene.width, 6000)
    for _ in range(24 if wooded else 9):
        share = dice.unit() ** 1.3
        across = dice.side() * (0.5 - 0.24 * dice.unit() ** (1.1 if wooded else 1.8)) + 0.5
        if across < 0 or across > 1:
            continue
        light = replace(scene.light, haze_share=0.42 * (1 - share), contrast=scene.light.contrast)
        foot = (width * across, top + depth * (0.05 + 0.34 * share))
        size = (0.75 + 1.25 * share) * dice.between(0.8, 1.25) * (1.35 if wooded else 1)
        with pen.under(light):
            pen.shadow(foot[0], foot[1], 40 * size, 6 * size, 0.32)
            _plant(pen, scene, dice.pick(names), foot, size)


def _trees(scene: Scene) -> tuple[str, ...]:
    """What trees grow here."""
    if "tree" in scene.reading.banned or "arctic" in scene.places:
        return ()
    if "desert" in scene.places:
        return ("cactus", "cactus", "palm") if "palm" not in scene.reading.banned else ("cactus",)
    if scene.snowy or "mountains" in scene.places:
        return ("pine",)
    return ("pine", "tree", "tree") if "forest" in scene.places else ("tree", "tree", "bush", "pine")


def _swells(pen: Pen, scene: Scene, top: float, colours: tuple[str, str]) -> None:
    """Long soft folds of ground, light above and dark below."""
    depth = scene.height - top
    for at, share in enumerate((0.16, 0.38, 0.68)):
        dice = scene.dice.named(f"swell {at}")
        y = top + depth * share
        line = ridge(dice, scene.width, (y - depth * 0.07, y + depth * 0.05), 0.25, 4)
        colour = mix(colours[0], colours[1], 0.25 + share)
        pen.fade(
            polygon([*line, (scene.width, scene.height), (0, scene.height)]),
            (mix(lighter(colour, 0.12), scene.palette.haze, 0.2 * (1 - share)), darker(colour, 0.12)),
        )


def _surf(pen: Pen, scene: Scene, line: list[Point]) -> None:
    foam = mix(lit("#ffffff", scene.palette.ambient), scene.palette.glow, 0.15)
    for drop, width, opacity in ((-26, 5, 0.5), (-12, 9, 0.75), (-2, 16, 0.5)):
        d = "M" + "L".join(f"{x:.0f} {y + drop:.1f}" for x, y in line)
        pen.line(d, foam, width, opacity=opacity)


def _growth(pen: Pen, scene: Scene, top: float) -> None:
    """Grass and flowers, or stones, denser in front."""
    dice = scene.dice.named("growth")
    bare = scene.snowy or scene.world in {"shore", "moon", "city"} or "desert" in scene.places
    depth = scene.height - top
    spread = min(scene.width, 4000) / 1000
    if bare:
        return _stones(pen, scene, dice, top)
    grass = lit(darker(scene.ground[1], 0.2), scene.palette.ambient)
    for at in range(round(150 * spread)):
        share = 0.25 + 0.75 * (at / (150 * spread))
        x, y = dice.between(0, scene.width), top + depth * min(1.02, share + dice.between(-0.05, 0.05))
        tall = (10 + 38 * share) * dice.between(0.6, 1.2)
        lean = dice.between(-0.4, 0.4) * tall
        tone = mix(grass, lit(scene.ground[0], scene.palette.ambient), dice.unit())
        pen.flat(
            f"M{x:.0f} {y:.0f}q{lean * 0.2:.1f} {-tall * 0.6:.1f} {lean:.1f} {-tall:.1f}q{4 - lean * 0.6:.1f} {tall * 0.4:.1f} {4 + tall * 0.06 - lean:.1f} {tall:.1f}Z",
            tone,
        )
    _blossoms(pen, scene, dice.named("blossoms"), top)
    _clumps(pen, scene, dice.named("clumps"))
    return None


def _clumps(pen: Pen, scene: Scene, dice: Dice) -> None:
    """Tall dark grass along the lower edge, which frames the picture."""
    dark = lit(darker(scene.ground[1], 0.45), scene.palette.ambient)
    width = min(scene.width, 6000)
    for _ in range(round(70 * width / 1000)):
        across = dice.unit()
        x, edge = width * across, abs(across - 0.5) * 2
        tall = (26 + 74 * edge**2) * dice.between(0.6, 1.2)
        lean = dice.between(-0.35, 0.35) * tall
        foot = scene.height + 8
        pen.flat(
            f"M{x - 4:.0f} {foot:.0f}q{lean * 0.1:.1f} {-tall * 0.6:.1f} {lean:.1f} {-tall:.1f}"
            f"q{8 - lean * 0.6:.1f} {tall * 0.4:.1f} {9 - lean:.1f} {tall:.1f}Z",
            mix(dark, lit(scene.ground[1], scene.palette.ambient), dice.unit() * 0.6),
        )


def _blossoms(pen: Pen, scene: Scene, dice: Dice, top: float) -> None:
    if scene.season == "autumn" or "flower" in scene.reading.banned:
        return
    count = 90 if "meadow" in scene.places or scene.season == "spring" else 26
    hues = [dice.pick(("#f6d24a", "#f08fb0", "#ffffff", "#b48be0", "#ef6a4e")) for _ in range(2)] + ["#fffbe8"]
    for _ in range(round(count * min(scene.width, 4000) / 1000)):
        share = 0.2 + 0.8 * dice.unit()
        x, y = dice.between(0, scene.width), top + (scene.height - top) * share
        size = 1.6 + 4.2 * share * dice.between(0.6, 1.1)
        colour = lit(dice.pick(hues), scene.palette.ambient)
        pen.oval(x, y, size, size * 0.75, colour, relief=0)
        pen.oval(x, y, size * 0.4, size * 0.3, lit("#f0b93a", scene.palette.ambient), relief=0)


def _stones(pen: Pen, scene: Scene, dice: Dice, top: float) -> None:
    near = lit(scene.ground[1], scene.palette.ambient)
    for _ in range(round(16 * min(scene.width, 4000) / 1000)):
        share = dice.between(0.15, 1.0)
        x, y = dice.between(0, scene.width), top + (scene.height - top) * share
        size = 5 + 13 * share * dice.between(0.4, 1.2)
        if scene.world == "moon":
            pen.oval(x, y, size * 4, size * 1.1, darker(near, 0.3), relief=0)
            pen.oval(x + 2, y + size * 0.3, size * 3.8, size * 0.9, darker(near, 0.1), relief=0.5)
        else:
            pen.oval(x, y, size, size * 0.35, darker(near, 0.12), relief=0.4)


def _band(left: float, right: float, top: float, bottom: float) -> str:
    return f"M{left:.1f} {top:.1f}H{right:.1f}V{bottom:.1f}H{left:.1f}Z"
