"""Worlds without a landscape: under water, in space, indoors, and pure colour."""

from __future__ import annotations

import numpy as np

from limner.engines.painter.canvas import Canvas, work_size
from limner.engines.painter.colour import darker, lighter, lit, mix, parts, turned
from limner.engines.painter.curves import Point, bend, limb, polygon, ridge
from limner.engines.painter.dice import Dice
from limner.engines.painter.noise import layered, smooth
from limner.engines.painter.scene import Scene
from limner.engines.painter.subjects import THINGS
from limner.engines.painter.subjects.heavens import disc_path
from limner.engines.painter.svg import Light, Pen


def paint_nebula(canvas: Canvas, scene: Scene) -> None:
    """Clouds of glowing gas along a slanting band."""
    rows, columns = work_size(canvas)
    dice = scene.dice.named("nebula")
    y = np.linspace(-0.5, 0.5, rows, dtype=np.float32)[:, None] * min(1.0, scene.height / scene.width)
    x = np.linspace(-0.5, 0.5, columns, dtype=np.float32)[None, :] * min(1.0, scene.width / scene.height)
    lean = dice.side() * dice.between(0.3, 0.8)
    band = np.exp(-(((y + x * lean + dice.between(-0.12, 0.1)) / 0.26) ** 2))
    base = dice.pick((230.0, 265.0, 290.0, 195.0, 330.0))
    cell = (max(2.0, rows / 3.2), max(2.0, columns / 3.2))
    for at, (shift, strength) in enumerate(((0.0, 0.95), (46.0, 0.75), (-58.0, 0.6))):
        colour = turned("#e04545", base + shift)
        gas = layered(dice.named(f"gas {at}"), (rows, columns), cell, 5)
        mask = smooth(gas, 0.42, 0.82) * (0.22 + 0.78 * band) * strength
        canvas.lay_array(np.broadcast_to(np.array(parts(colour), np.float32), (rows, columns, 3)), mask)
    dust = smooth(layered(dice.named("dust"), (rows, columns), cell, 5), 0.56, 0.76) * band * 0.55
    canvas.lay_array(np.broadcast_to(np.array((6, 5, 18), np.float32), (rows, columns, 3)), dust)


def paint_depths(canvas: Canvas, scene: Scene) -> None:
    """Shafts of light, a far reef, the sea bed with weeds, and bubbles."""
    rows, columns = work_size(canvas)
    dice = scene.dice.named("depths")
    x = np.linspace(0, scene.width / 1000, columns, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    wander = np.interp(
        x + (y - 0.2) * (x - dice.between(0.3, 0.7)) * -0.7, np.linspace(-1, 33, 600), dice.grid(1, 600)[0]
    )
    shafts = smooth(wander.astype(np.float32), 0.45, 0.95) * (1 - y) ** 1.4 * 0.5
    canvas.lay_array(np.broadcast_to(np.array((226, 255, 248), np.float32), (rows, columns, 3)), shafts)
    pen = Pen(Light())
    _sea_bed(pen, scene, dice)
    canvas.lay(pen)


def _sea_bed(pen: Pen, scene: Scene, dice: Dice) -> None:
    deep, width = scene.palette.horizon, scene.width
    sand = lit("#e6cf9a", scene.palette.ambient)
    for at, (high, share) in enumerate(((250, 0.78), (165, 0.55), (95, 0.12))):
        line = ridge(dice.named(f"bed {at}"), width, (scene.height - high, scene.height - high * 0.45), 0.42, 5)
        colour = mix(sand if at == 2 else "#2f5f78", deep, share)
        pen.fade(
            polygon([*line, (width, scene.height), (0, scene.height)]), (lighter(colour, 0.1), darker(colour, 0.25))
        )
        _weeds(pen, scene, dice.named(f"weeds {at}"), high, share)
    for _ in range(round(26 * min(4.0, width / 1000))):
        x, y, radius = dice.between(0, width), dice.between(0, scene.height), dice.between(2, 9)
        pen.line(
            f"M{x - radius:.1f} {y:.1f}a{radius:.1f} {radius:.1f} 0 1 0 {2 * radius:.1f} 0a{radius:.1f} {radius:.1f} 0 1 0 {-2 * radius:.1f} 0",
            "#e2fffa",
            1.4,
            opacity=0.6,
        )
        pen.shine(
            f"M{x - radius * 0.5:.1f} {y - radius * 0.3:.1f}l{radius * 0.4:.1f} {-radius * 0.4:.1f}v2Z",
            "#ffffff",
            opacity=0.8,
        )


def _weeds(pen: Pen, scene: Scene, dice: Dice, high: float, share: float) -> None:
    for _ in range(round(11 * min(4.0, scene.width / 1000))):
        x, y = dice.between(0, scene.width), scene.height - high * dice.between(0.1, 0.55)
        if dice.chance(0.3) and "coral" not in scene.reading.banned:
            light = Light(ambient=scene.palette.ambient, haze=scene.palette.haze, haze_share=share * 0.9)
            with pen.under(light), pen.moved(x, y, dice.between(0.5, 1.15) * (1.15 - share)):
                THINGS["coral"].draw(pen, dice.pick(("#ec6a6a", "#f0a24a", "#c878d8", "#f58fb0")))
            continue
        tall, sway = dice.between(60, 190) * (1.2 - share), dice.between(10, 26)
        colour = mix(dice.pick(("#3f9a6a", "#2f8a5a", "#6aa84a")), scene.palette.haze, share)
        points = f"{x:.0f} {y:.0f}, {x + sway:.0f} {y - tall * 0.35:.0f}, {x - sway:.0f} {y - tall * 0.7:.0f}, {x + sway * 0.6:.0f} {y - tall:.0f}"
        pen.path(limb(points, "11 10 8 2"), colour)


def paint_room(canvas: Canvas, scene: Scene) -> None:
    """A wall with the light of a window on it, and a table."""
    dice = scene.dice.named("room")
    wall = scene.reading.tints.get("ground") or dice.pick(
        ("#7f9a8a", "#b88a6a", "#8a8fb0", "#c0a070", "#a8746a", "#6f93a8")
    )
    pen = Pen(Light())
    width, top = scene.width, scene.horizon
    pen.fade(f"M0 0H{width:.0f}V{top + 6:.0f}H0Z", (lighter(wall, 0.22), darker(wall, 0.25)))
    _window_light(pen, scene)
    wood = dice.pick(("#9a6238", "#7d4e30", "#b07a48"))
    pen.fade(f"M0 {top:.0f}H{width:.0f}V{scene.height:.0f}H0Z", (lighter(wood, 0.2), darker(wood, 0.4)))
    for _ in range(round(30 * min(4.0, width / 1000))):
        y, x = top + (scene.height - top) * dice.unit() ** 1.4, dice.between(-200, width)
        d = f"M{x:.0f} {y:.0f}q{dice.between(80, 200):.0f} {dice.between(-6, 6):.1f} {dice.between(200, 420):.0f} 0"
        pen.line(d, darker(wood, 0.45), dice.between(1, 2.5), opacity=0.3)
    pen.veil(f"M0 {top:.0f}H{width:.0f}V{top + 12:.0f}H0Z", "#fff0d2", (0.6, 0))
    pen.glow(scene.sun[0], top + 60, 520, "#ffe6b8", 0.35)
    canvas.lay(pen)


def _window_light(pen: Pen, scene: Scene) -> None:
    """Four slanting panes of sunlight on the wall."""
    side = scene.light.side
    x, y = scene.width * 0.5 + side * 90, max(20.0, scene.horizon - 560)
    for row in range(2):
        for column in range(2):
            left, up = x + column * 165, y + row * 185
            lean = -side * 60
            pen.veil(f"M{left:.0f} {up:.0f}h140l{lean} 165h-140Z", "#fff3d0", (0.42 - row * 0.1, 0.26 - row * 0.1))
    pen.glow(x + 120, y + 170, 520, "#ffe9bf", 0.4)


def paint_abstract(canvas: Canvas, scene: Scene) -> None:
    """A light over folded waves of related colours: a picture for when no word was understood."""
    dice = scene.dice.named("abstract")
    hue, spread = dice.between(0, 360), dice.pick((50.0, 80.0, 130.0, -70.0))
    inks = [turned("#cf4b3d", hue + spread * at / 5) for at in range(6)]
    width, height = scene.width, scene.height
    pen = Pen(Light())
    pen.fade(f"M0 0H{width:.0f}V{height:.0f}H0Z", (darker(inks[0], 0.6), lighter(inks[1], 0.45)))
    x, y = width * dice.pick((0.34, 0.5, 0.66)), height * dice.between(0.26, 0.4)
    reach = dice.between(110, 190)
    pen.glow(x, y, reach * 3.4, lighter(inks[2], 0.6), 0.85)
    for ring in (2.1, 1.7, 1.35):
        pen.line(disc_path(x, y, reach * ring), lighter(inks[2], 0.6), 1.6, opacity=0.4)
    pen.ball(x, y, reach, lighter(inks[2], 0.35))
    _waves(pen, scene, dice, inks)
    for _ in range(60):
        radius = 2 + 10 * dice.unit() ** 4
        pen.glow(dice.between(0, width), dice.between(0, height * 0.8), radius * 2, "#fffaf0", 0.8)
    canvas.lay(pen)


def _waves(pen: Pen, scene: Scene, dice: Dice, inks: list[str]) -> None:
    """Broad waves, each nearer one deeper in colour, with a bright crest."""
    width, height = scene.width, scene.height
    count = 9
    for at in range(count):
        own = dice.named(f"wave {at}")
        middle = height * (0.42 + 0.58 * at / count)
        tall = min(height, 1600.0) * own.between(0.05, 0.11)
        line = ridge(own, width, (middle - tall, middle + tall * 0.6), 0.3, 4)
        share = at / (count - 1)
        colour = darker(mix(lighter(inks[1 + at % 5], 0.25), inks[(at + 2) % 6], share), 0.5 * share)
        crest = closed_over(line, width, height)
        pen.veil(crest_shadow(line), darker(inks[0], 0.75), (0.0, 0.35))
        pen.fade(crest, (lighter(colour, 0.28), darker(colour, 0.3)))
        pen.line(smooth_line(line), lighter(colour, 0.7), 2.2, opacity=0.75)


def smooth_line(line: list[Point]) -> str:
    return bend(", ".join(f"{x:.1f} {y:.1f}" for x, y in line))


def closed_over(line: list[Point], width: float, height: float) -> str:
    return f"{smooth_line(line)}L{width:.0f} {height:.0f}L0 {height:.0f}Z"


def crest_shadow(line: list[Point]) -> str:
    """The band just above a crest, where it shades what is behind it."""
    back = "".join(f"L{x:.1f} {y - 46:.1f}" for x, y in reversed(line))
    return f"{smooth_line(line)}{back}Z"
